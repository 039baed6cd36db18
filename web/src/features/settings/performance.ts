/** What this page knows about its own speed and memory, in words. */
import { version } from "../../../../package.json";
import type { Segmenter, TimedKind } from "../../engine/segmenter";
import { formatBytes } from "../../state/download";
import { verdictOf, type Verdict } from "../../state/verdicts";

/** A line of the report. */
export type Fact = readonly [name: string, value: string];

/** Bytes of the page and its workers, where the browser tells. */
export interface PageMemory {
  readonly wasm: number | null;
  readonly script: number | null;
  /** All of it; measured only when asked for, which can take a while. */
  readonly whole: number | null;
}

const kinds: readonly (readonly [TimedKind, string])[] = [
  ["encode", "Reading a photo"],
  ["decode", "Answering a tap"],
  ["everything", "Finding all objects"],
];

/** @param precise The second model, where two answer. */
export function performanceFacts(
  segmenter: Segmenter | null,
  memory: PageMemory | null,
  precise: Segmenter | null = null,
): Fact[] {
  const info = segmenter?.info;
  const facts: Fact[] = [["Version", version]];
  if (segmenter && info) {
    facts.push(
      ["Model", `${info.model.title} (${info.variant}), ${info.model.input_size} pixels`],
      ["Provider", info.provider],
      ["Threads", String(info.threads)],
      ...info.tried.map(({ provider, outcome, reason }): Fact => [`Tried ${provider}`, `${outcome}: ${reason}`]),
      ...race(verdictOf(info)),
      ["Bringing the files", milliseconds(segmenter.timings.load.files)],
      ["Starting the model", milliseconds(segmenter.timings.load.start)],
      ...kinds.map(([kind, name]): Fact => [name, timing(segmenter, kind)]),
    );
  } else facts.push(["Model", "none is running"]);
  if (precise) {
    const { model, variant, provider, threads } = precise.info;
    facts.push([
      "Precise model",
      `${model.title} (${variant}), ${model.input_size} pixels, ${provider}, ${threads} threads`,
    ]);
    facts.push(...kinds.map(([kind, name]): Fact => [`${name}, precise model`, timing(precise, kind)]));
  }
  if (memory)
    facts.push(
      ["Runtime's memory", bytes(memory.wasm)],
      ["Script memory", bytes(memory.script)],
      ["All memory of the page", bytes(memory.whole)],
    );
  return [
    ...facts,
    ["Cross-origin isolated", globalThis.crossOriginIsolated ? "yes" : "no"],
    ["SharedArrayBuffer", typeof SharedArrayBuffer === "undefined" ? "not offered" : "offered"],
    ["WebGPU", "gpu" in navigator ? "offered" : "not offered"],
    ["Cores", String(navigator.hardwareConcurrency ?? "unknown")],
    ["Screen", `${innerWidth} × ${innerHeight} at ${devicePixelRatio}`],
    ["Browser", navigator.userAgent],
  ];
}

/** Markdown for a bug report. */
export const asReport = (facts: readonly Fact[]): string =>
  ["| Tapmask | |", "|---|---|", ...facts.map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`), ""].join("\n");

export async function measureMemory(segmenter: Segmenter | null): Promise<PageMemory> {
  const [worker, whole] = await Promise.all([segmenter?.memory().catch(() => null), measureWhole()]);
  const { memory } = performance as { memory?: { usedJSHeapSize: number } };
  const scripts = [memory?.usedJSHeapSize, worker?.script].filter((size) => typeof size === "number");
  return { wasm: worker?.wasm ?? null, script: scripts.length ? scripts.reduce((a, b) => a + b) : null, whole };
}

/** The browser answers at its next garbage collection: what takes too long is left out. */
async function measureWhole(): Promise<number | null> {
  const measure = (performance as { measureUserAgentSpecificMemory?(): Promise<{ bytes: number }> })
    .measureUserAgentSpecificMemory;
  if (!measure || !globalThis.crossOriginIsolated) return null;
  const late = new Promise<null>((resolve) => setTimeout(resolve, 3000, null));
  // Chromium was seen to return nothing at all, no promise either, while it measured for another page.
  const measured = async (): Promise<number | null> => {
    const answer: { bytes: number } | undefined = await measure.call(performance);
    return answer?.bytes ?? null;
  };
  return Promise.race([measured().catch(() => null), late]);
}

/** What each provider took when all were tried. */
const race = (verdict: Verdict | null): Fact[] =>
  (verdict?.tried ?? []).map(([provider, { encode, tapP50 }]) => [
    `Speed of ${provider}`,
    `photo ${milliseconds(encode)}, tap ${milliseconds(tapP50)}`,
  ]);

function timing({ timings }: Segmenter, kind: TimedKind): string {
  const times = timings.of(kind);
  if (!times) return "not yet";
  return `last ${milliseconds(times.last)}, median ${milliseconds(times.median)} of ${times.count}`;
}

const milliseconds = (time: number): string =>
  time < 10_000 ? `${time < 10 ? time.toFixed(1) : Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`;
const bytes = (count: number | null): string =>
  count === null ? "the browser does not tell" : formatBytes(count, "en");
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
