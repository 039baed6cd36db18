/** How long things took, in milliseconds. */

/** Of one kind: how often, the latest, and the one in the middle. */
export interface Timing {
  readonly count: number;
  readonly last: number;
  readonly median: number;
}

/** What is timed: a photo, a tap or hover, all masks of a photo. */
export type TimedKind = "encode" | "decode" | "everything";

/** Enough to know the middle, and soon to forget the first slow ones. */
const remembered = 100;

export class Timings {
  private readonly times: Record<TimedKind, number[]> = { encode: [], decode: [], everything: [] };
  private readonly counts: Record<TimedKind, number> = { encode: 0, decode: 0, everything: 0 };

  /** @param load What bringing the files and starting the model took. */
  constructor(readonly load: { readonly files: number; readonly start: number }) {}

  async measure<T>(kind: TimedKind, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    const result = await work();
    this.add(kind, performance.now() - begin);
    return result;
  }

  /** Null: it has not happened yet. */
  of(kind: TimedKind): Timing | null {
    const times = this.times[kind];
    if (!times.length) return null;
    const sorted = times.toSorted((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    return {
      count: this.counts[kind],
      last: times.at(-1)!,
      median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    };
  }

  private add(kind: TimedKind, time: number): void {
    this.counts[kind]++;
    this.times[kind] = [...this.times[kind], time].slice(-remembered);
  }
}
