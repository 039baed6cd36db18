/**
 * Finds the fastest provider by trying: once per model and browser version, in a worker of its own, when nobody waits for anything. Whoever
 * comes back to the page ends it at once; it begins anew when all is quiet again. The verdict counts from the next start on.
 */
import { effect, untracked, type ReadonlySignal } from "@preact/signals";
import type { Attempt, EngineInfo, Provider, Segmenter } from "../engine/segmenter";
import { drawPhoto } from "./drawnPhoto";
import { measureSpeed, type Amount } from "./speed";
import { judge, remember, verdictOf, type Verdict } from "./verdicts";

/** An engine whose model may run elsewhere faster. */
export interface Runner {
  readonly segmenter: ReadonlySignal<Segmenter | null>;
  /** False: a provider was asked for. */
  readonly isFree: boolean;
  /** The same model on another provider, beside the one that runs. */
  beside(provider: Provider, signal: AbortSignal): Promise<Segmenter>;
}

const amount: Amount = { encodes: 2, taps: 9, patience: 4000 };
/** Interruptions, after which this visit has no race. */
const mostStarts = 5;

export class Race {
  private starts = 0;
  private readonly failed = new Set<string>();

  /** @param photo What is read. */
  constructor(
    private readonly runners: () => readonly Runner[],
    private readonly photo: () => ImageBitmap | ImageData = () => drawPhoto(1600, 1200),
  ) {}

  /** @param quiet Nothing is loading, nothing is being read or answered, and nobody touches the page. */
  watch(quiet: ReadonlySignal<boolean>): void {
    effect(() => (quiet.value ? this.begin() : undefined));
  }

  /** @returns What ends it. */
  private begin(): () => void {
    const stop = new AbortController();
    untracked(() => void this.run(stop.signal));
    return () => stop.abort();
  }

  private async run(signal: AbortSignal): Promise<void> {
    for (const runner of this.runners()) {
      const info = runner.segmenter.peek()?.info;
      if (!info || !runner.isFree || !this.isOpen(info)) continue;
      this.starts++;
      // One after the other: they would share the cores.
      // oxlint-disable-next-line no-await-in-loop
      const verdict = await this.compare(runner, contenders(info), signal);
      if (signal.aborted) return;
      if (verdict) remember(info, verdict);
      else this.failed.add(info.model.id);
    }
  }

  private isOpen(info: EngineInfo): boolean {
    return (
      this.starts < mostStarts &&
      !this.failed.has(info.model.id) &&
      contenders(info).length > 1 &&
      verdictOf(info) === null
    );
  }

  /** @returns Null: one of them could not be measured. */
  private async compare(runner: Runner, among: readonly Provider[], signal: AbortSignal): Promise<Verdict | null> {
    const tried: [Provider, Verdict["tried"][number][1]][] = [];
    for (const provider of among) {
      let segmenter: Segmenter | null = null;
      try {
        // oxlint-disable-next-line no-await-in-loop
        segmenter = await runner.beside(provider, signal);
        if (signal.aborted) return null;
        const running = segmenter;
        signal.addEventListener("abort", () => running.dispose());
        // oxlint-disable-next-line no-await-in-loop
        const { encode, tapP50 } = await measureSpeed(segmenter, this.photo(), amount);
        if (signal.aborted) return null;
        tried.push([provider, { encode, tapP50 }]);
      } catch {
        return null;
      } finally {
        segmenter?.dispose();
      }
    }
    return judge(tried);
  }
}

/** The provider that runs, and those that would run were it not there. */
function contenders({ tried, noThreads }: EngineInfo): readonly Provider[] {
  const others: readonly Provider[] = noThreads === null ? ["wasm-threads", "wasm"] : ["wasm"];
  const isGpu = tried.some(({ provider, outcome }: Attempt) => provider === "webgpu" && outcome === "running");
  const failed = tried.filter(({ outcome }) => outcome !== "running").map(({ provider }) => provider);
  return [...(isGpu ? (["webgpu"] as const) : []), ...others].filter((provider) => !failed.includes(provider));
}
