/** All masks of a photo, piece by piece, so that the worker is never busy with it for long. */
import {
  everythingDefaults,
  ladder,
  tapGrid,
  type Bar,
  type EverythingSettings,
  type Spotted,
} from "./core/everything";
import type { Point, Size } from "./core/geometry";
import type { Everything, FoundMask, Segmentation } from "./types";

export interface EverythingOptions extends Partial<EverythingSettings> {
  /**
   * With neither `predIouThresh` nor `stabilityScoreThresh`, segment-anything's are lowered step by step until this
   * many masks are left, or to the last step of `ladder` in `core/everything.ts`. 0: never.
   */
  enough?: number;
  onProgress?(progress: EverythingProgress): void;
  signal?: AbortSignal;
}

export interface EverythingProgress {
  /** Taps that have been answered. */
  done: number;
  total: number;
}

/** What the search asks of the worker; each call waits for its turn. */
export interface EverythingCalls {
  spot(taps: readonly Point[], first: number, settings: EverythingSettings, signal?: AbortSignal): Promise<Spotted[]>;
  select(
    spotted: readonly Spotted[],
    bars: readonly Bar[],
    enough: number,
    boxNmsThresh: number,
    signal?: AbortSignal,
  ): Promise<{ kept: Spotted[]; bar: Bar }>;
  answer(taps: readonly Point[], signal?: AbortSignal): Promise<Segmentation[]>;
}

/** What a person does not notice when a tap has to wait for it, in milliseconds. */
const piece = 90;
const most = 64;
const someMasks = 8;

export async function findEverything(
  calls: EverythingCalls,
  photo: Size,
  { enough = someMasks, onProgress, signal, ...wanted }: EverythingOptions,
): Promise<Everything> {
  const asked: EverythingSettings = { ...everythingDefaults, ...defined(wanted) };
  const fixed = wanted.predIouThresh !== undefined || wanted.stabilityScoreThresh !== undefined || enough === 0;
  const bars = fixed
    ? [{ predIouThresh: asked.predIouThresh, stabilityScoreThresh: asked.stabilityScoreThresh }]
    : ladder;
  const settings = { ...asked, ...bars.at(-1)! };
  const taps = tapGrid(settings.pointsPerSide, photo);

  const spotted: Spotted[] = [];
  const pieces = new Pieces();
  onProgress?.({ done: 0, total: taps.length });
  for (let done = 0; done < taps.length;) {
    const part = taps.slice(done, done + pieces.size);
    spotted.push(...(await pieces.measure(part.length, () => calls.spot(part, done, settings, signal))));
    done += part.length;
    onProgress?.({ done, total: taps.length });
  }

  const { kept, bar } = await calls.select(spotted, bars, enough, settings.boxNmsThresh, signal);
  return { masks: await bring(kept, taps, calls, pieces, signal), ...bar };
}

/**
 * Asks again about the taps whose masks are kept. Keeping the logits of all until then would take more memory than
 * phones have.
 */
async function bring(
  kept: readonly Spotted[],
  taps: readonly Point[],
  calls: EverythingCalls,
  pieces: Pieces,
  signal?: AbortSignal,
): Promise<FoundMask[]> {
  const needed = [...new Set(kept.map(({ tap }) => tap))];
  const answers = new Map<number, Segmentation>();
  for (let done = 0; done < needed.length;) {
    const part = needed.slice(done, done + pieces.size);
    const segmentations = await pieces.measure(part.length, () =>
      calls.answer(
        part.map((tap) => taps[tap]!),
        signal,
      ),
    );
    part.forEach((tap, index) => answers.set(tap, segmentations[index]!));
    done += part.length;
  }
  return kept.map(({ tap, token, predictedIou, stability }) => {
    const segmentation = answers.get(tap)!;
    return { point: taps[tap]!, segmentation, candidate: segmentation.tokens.indexOf(token), predictedIou, stability };
  });
}

/** How many taps go into a piece: as many as are answered in about `piece` milliseconds on this machine. */
class Pieces {
  size = 4;

  async measure<T>(count: number, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    // What waited for taps in between looks slow: the pieces grow again after it.
    const perTap = Math.max(performance.now() - start, 0.1) / count;
    this.size = Math.round(Math.min(Math.max(piece / perTap, this.size / 2, 1), this.size * 2, most));
    return result;
  }
}

const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
