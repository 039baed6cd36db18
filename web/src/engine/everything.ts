/** All masks of a photo, piece by piece, so that the worker is never busy with it for long. */
import { everythingDefaults, ladder, lead, type Bar, type EverythingSettings, type Spotted } from "./core/everything";
import type { Point, Size } from "./core/geometry";
import { placePoint, startPlaces } from "./core/places";
import type { Everything, FoundMask, Segmentation } from "./types";

export interface EverythingOptions extends Partial<EverythingSettings> {
  /**
   * With neither `predIouThresh` nor `stabilityScoreThresh`, segment-anything's are lowered step by step until this
   * many masks are left, or to the last step of `ladder` in `core/everything.ts`. 0: never.
   */
  enough?: number;
  /**
   * The masks so far, best first, again and again while it searches. A better one may take the place of one that was shown;
   * the same mask is the same object. The search goes on when this is done.
   */
  onFound?(masks: FoundMask[]): void | Promise<void>;
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
  spot(places: readonly number[], settings: EverythingSettings, signal?: AbortSignal): Promise<Spotted[]>;
  explore(
    spotted: readonly Spotted[],
    tapped: readonly number[],
    settings: EverythingSettings,
    signal?: AbortSignal,
  ): Promise<number[]>;
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
/** After how many more taps the masks so far are shown again: each that is new costs a tap more. */
const shownEvery = 30;

export async function findEverything(
  calls: EverythingCalls,
  photo: Size,
  { enough = someMasks, onProgress, onFound, signal, ...wanted }: EverythingOptions,
): Promise<Everything> {
  const asked: EverythingSettings = { ...everythingDefaults, ...defined(wanted) };
  const fixed = wanted.predIouThresh !== undefined || wanted.stabilityScoreThresh !== undefined || enough === 0;
  const bars = fixed
    ? [{ predIouThresh: asked.predIouThresh, stabilityScoreThresh: asked.stabilityScoreThresh }]
    : ladder;
  const least = bars.at(-1)!;
  const settings = {
    ...asked,
    predIouThresh: Math.min(lead.predIouThresh, least.predIouThresh),
    stabilityScoreThresh: Math.min(lead.stabilityScoreThresh, least.stabilityScoreThresh),
  };
  const { pointsPerSide } = settings;
  const total = Math.min(settings.mostTaps, pointsPerSide ** 2);

  const spotted: Spotted[] = [];
  const tapped: number[] = [];
  const pieces = new Pieces();
  const known = new Map<string, FoundMask>();
  const best = async () => {
    const { kept, bar } = await calls.select(spotted, bars, enough, settings.boxNmsThresh, signal);
    await bring(kept, known, (tap) => placePoint(tap, pointsPerSide, photo), calls, pieces, signal);
    return { masks: kept.map((mask) => known.get(nameOf(mask))!), ...bar };
  };

  let shown = 0;
  const show = async () => {
    if (!onFound || tapped.length - shown < Math.min(shownEvery, total / 4)) return;
    shown = tapped.length;
    await onFound((await best()).masks);
  };

  onProgress?.({ done: 0, total });
  let round = startPlaces(pointsPerSide, settings.mostTaps);
  for (;;) {
    for (let done = 0; done < round.length;) {
      const part = round.slice(done, done + pieces.size);
      spotted.push(...(await pieces.measure(part.length, () => calls.spot(part, settings, signal))));
      done += part.length;
      tapped.push(...part);
      onProgress?.({ done: tapped.length, total });
      if (tapped.length >= total) return best();
      await show();
    }
    round = await calls.explore(spotted, tapped, settings, signal);
  }
}

const nameOf = ({ tap, token }: Spotted): string => `${tap} ${token}`;

/**
 * Asks again about the taps whose masks are kept and not yet `known`. Keeping the logits of all until then would take
 * more memory than phones have.
 */
async function bring(
  kept: readonly Spotted[],
  known: Map<string, FoundMask>,
  place: (tap: number) => Point,
  calls: EverythingCalls,
  pieces: Pieces,
  signal?: AbortSignal,
): Promise<void> {
  const missing = kept.filter((mask) => !known.has(nameOf(mask)));
  const needed = [...new Set(missing.map(({ tap }) => tap))];
  const answers = new Map<number, Segmentation>();
  for (let done = 0; done < needed.length;) {
    const part = needed.slice(done, done + pieces.size);
    const segmentations = await pieces.measure(part.length, () => calls.answer(part.map(place), signal));
    part.forEach((tap, index) => answers.set(tap, segmentations[index]!));
    done += part.length;
  }
  for (const mask of missing) {
    const { tap, token, predictedIou, stability } = mask;
    const segmentation = answers.get(tap)!;
    const candidate = segmentation.tokens.indexOf(token);
    known.set(nameOf(mask), { point: place(tap), segmentation, candidate, predictedIou, stability });
  }
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
