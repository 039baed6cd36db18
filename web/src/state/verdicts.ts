/** Which provider was the fastest when all were tried: remembered per model and browser version, on this device. */
import { signal } from "@preact/signals";
import { providers, type EngineInfo, type Provider } from "../engine/segmenter";
import { parsed, readStored, writeStored } from "./persisted";
import type { Speed } from "./speed";

export type Times = Pick<Speed, "encode" | "tapP50">;

export interface Verdict {
  readonly fastest: Provider;
  /** Milliseconds of those that ran, in the order in which they are tried. */
  readonly tried: readonly (readonly [Provider, Times])[];
}

/** A model as it is run: its encoder's checksum says which one. */
export type Runs = Pick<EngineInfo, "model" | "variant">;

const storage = "tapmask-fastest";
/** The oldest go first. */
const most = 12;
/** A photo is read once and then tapped some times. */
const tapsPerPhoto = 5;
/** By how much one must be faster than an earlier one in the usual order to go before it. */
const clearly = 0.9;

const known = signal<readonly (readonly [key: string, verdict: Verdict])[]>(read());

export function verdictOf(runs: Runs): Verdict | null {
  const key = keyOf(runs);
  return known.value.find(([name]) => name === key)?.[1] ?? null;
}

/** @param tried In the usual order, one at least. */
export function judge(tried: Verdict["tried"]): Verdict {
  const [first, ...others] = tried;
  if (!first) throw new RangeError("Nothing was tried.");
  const fastest = others.reduce((best, next) => (cost(next[1]) < clearly * cost(best[1]) ? next : best), first);
  return { fastest: fastest[0], tried };
}

export function remember(runs: Runs, verdict: Verdict): void {
  const key = keyOf(runs);
  known.value = [...known.peek().filter(([name]) => name !== key), [key, verdict] as const].slice(-most);
  writeStored(storage, JSON.stringify(known.peek()));
}

/** The order in which providers are tried: the fastest one first. Undefined: nothing is known. */
export function preferred(runs: Runs): readonly Provider[] | undefined {
  const fastest = verdictOf(runs)?.fastest;
  return fastest && [fastest, ...providers.filter((provider) => provider !== fastest)];
}

const cost = ({ encode, tapP50 }: Times): number => encode + tapsPerPhoto * tapP50;

/** Another browser version, or another number of cores, may have another verdict. */
function keyOf({ model, variant }: Runs): string {
  const { userAgent, hardwareConcurrency } = globalThis.navigator ?? {};
  const { sha256 } = model.variants[variant]!.encoder;
  return [sha256.slice(0, 16), hardwareConcurrency, globalThis.crossOriginIsolated ? "isolated" : "", userAgent].join(
    " ",
  );
}

/** What is stored, as far as it is sound. */
function read(): (readonly [string, Verdict])[] {
  const stored = parsed(readStored(storage));
  return Array.isArray(stored) ? stored.filter(isEntry) : [];
}

function isEntry(entry: unknown): entry is readonly [string, Verdict] {
  if (!Array.isArray(entry) || typeof entry[0] !== "string") return false;
  const { fastest, tried } = (entry[1] ?? {}) as Partial<Verdict>;
  return isProvider(fastest) && Array.isArray(tried) && tried.every(isTried);
}

function isTried(value: unknown): boolean {
  if (!Array.isArray(value) || !isProvider(value[0])) return false;
  const { encode, tapP50 } = (value[1] ?? {}) as Partial<Times>;
  return Number.isFinite(encode) && Number.isFinite(tapP50);
}

function isProvider(value: unknown): value is Provider {
  return providers.includes(value as Provider);
}
