/**
 * A fresh worker in the place of a worn one, when nobody waits for anything: where its memory grew, and on WebGPU after many runs, since
 * some browsers give up then. A WASM heap never shrinks; only its end gives the memory back.
 */
import { effect, untracked, type ReadonlySignal } from "@preact/signals";
import type { Segmenter } from "../engine/segmenter";

/** An engine whose worker can be replaced. */
export interface Renewable {
  readonly segmenter: ReadonlySignal<Segmenter | null>;
  /** Never rejects: what cannot be replaced goes on. */
  renew(): Promise<void>;
}

/** Runs on WebGPU. Safari's processes were seen to crash after some 500. */
const mostGpuRuns = 300;
/** Growth that comes of other photo shapes, and is no reason. */
const usual = 96 * 2 ** 20;

export class Renewal {
  /** Bytes of the heap when it was first looked at, after the first photo. */
  private readonly first = new WeakMap<Segmenter, number>();
  private readonly tried = new WeakSet<Segmenter>();

  constructor(private readonly runners: () => readonly Renewable[]) {}

  /** @param quiet Nothing is loading, nothing is being read or answered, and nobody touches the page. */
  watch(quiet: ReadonlySignal<boolean>): void {
    effect(() => {
      if (quiet.value) untracked(() => void this.look(quiet));
    });
  }

  private async look(quiet: ReadonlySignal<boolean>): Promise<void> {
    for (const runner of this.runners()) {
      const segmenter = runner.segmenter.peek();
      // oxlint-disable-next-line no-await-in-loop
      if (!segmenter || this.tried.has(segmenter) || !(await this.isWorn(segmenter)) || !quiet.peek()) continue;
      this.tried.add(segmenter);
      // oxlint-disable-next-line no-await-in-loop
      await runner.renew();
    }
  }

  private async isWorn(segmenter: Segmenter): Promise<boolean> {
    const runs = (["encode", "decode"] as const).map((kind) => segmenter.timings.of(kind)?.count ?? 0);
    if (!runs[0]) return false;
    if (segmenter.info.provider === "webgpu" && runs[0] + runs[1]! >= mostGpuRuns) return true;
    const bytes = await segmenter.memory().then(
      ({ wasm }) => wasm,
      () => 0,
    );
    const first = this.first.get(segmenter) ?? bytes;
    this.first.set(segmenter, first);
    return bytes > 1.5 * first + usual;
  }
}
