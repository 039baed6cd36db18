/**
 * A photo that is looked at again where what was meant is small, or where the person has zoomed in: a square region is encoded too, and
 * answers the same prompt.
 *
 *     const closer = new CloserImage(segmenter, await segmenter.encode(bitmap), ({ x, y, side }) => createImageBitmap(bitmap, x, y, side, side));
 *     const first = await closer.segment(prompt);
 *     show((await closer.lookAgain(prompt, first)) ?? first);
 *
 * The rule is in core/lookAgain.ts. Masks of a region say so (`LowResMask.region`); given along as a prompt's mask, they are answered there.
 */
import {
  agreement,
  chosen,
  holds,
  hull,
  isWhole,
  lookAgainRule,
  moved,
  promptIn,
  regionFor,
  sealed,
  viewFor,
  wholeOnes,
} from "./core/lookAgain";
import type { LowResMask, Prompt, Region } from "./core/prompt";
import { EngineError } from "./errors";
import type { EncodedImage, Segmenter } from "./segmenter";
import type { SegmentKind, Segmentation } from "./types";

/** Regions of a photo that stay encoded; each takes as much memory as the photo itself. */
const most = 3;

/** Makes the pixels of a region of the upright photo. They are the engine's from then on. */
export type Cut = (region: Region) => Promise<ImageBitmap>;

export class CloserImage {
  /** The one used last comes last. */
  private readonly regions = new Map<string, Promise<EncodedImage>>();
  private readonly stop = new AbortController();

  /** @param whole Is released with this. */
  constructor(
    private readonly segmenter: Segmenter,
    readonly whole: EncodedImage,
    private readonly cut: Cut,
  ) {}

  /** Pixels of the photo. */
  get width(): number {
    return this.whole.width;
  }

  get height(): number {
    return this.whole.height;
  }

  /**
   * As `EncodedImage.segment`. A prompt whose mask is of a region is answered there, if that holds all of the prompt and can be encoded.
   *
   * @throws EngineError
   */
  async segment(prompt: Prompt, options: { kind?: SegmentKind; signal?: AbortSignal } = {}): Promise<Segmentation> {
    const region = prompt.mask?.region;
    const asked = hull(prompt.points, prompt.box);
    if (region && asked && holds(region, asked)) {
      const found = await this.near(region, prompt, options).catch((error: unknown) => given(error));
      const near = found && this.sealed(region, found);
      if (near && !isEmpty(near, this.threshold)) return near;
    }
    return this.whole.segment(prompt, options);
  }

  /**
   * The answer with those candidates replaced that a second look has something better for: what is small, where it agrees with the first
   * one; else what the prompt's view shows as a whole.
   *
   * @param first What `segment` answered to the same prompt.
   * @returns Null: nothing is better. What was meant is large and goes on beyond the view, or the region shows something else.
   * @throws EngineError
   */
  async lookAgain(
    prompt: Prompt,
    first: Segmentation,
    options: { signal?: AbortSignal } = {},
  ): Promise<Segmentation | null> {
    const { input_size } = this.segmenter.info.model;
    const answer = first.masks[first.best]!;
    const around = regionFor(prompt, answer, this, input_size, this.threshold);
    const region = around ?? viewFor(prompt, answer);
    if (!region) return null;
    const earlier = first.masks.map((mask) => moved(mask, region, this, input_size));
    // Beside a lone point, the mask of an answer that missed would weigh too much.
    const lone = prompt.points.length === 1 && !prompt.box;
    const found = await this.near(region, { ...prompt, mask: lone ? null : earlier[first.best]! }, options);
    const near = this.sealed(region, found);
    const places = around
      ? this.agreeing(earlier, first.best, near, lone)
      : wholeOnes(
          found.masks.map((mask) => isWhole(mask, region, this, this.threshold)),
          found.best,
        );
    if (places.every((place) => place === null)) return null;
    const best = around ? first.best : near.best;
    return { ...replaced(first, near, places), best };
  }

  /** Frees the embeddings of the photo and of its regions. */
  release(): void {
    this.stop.abort();
    this.whole.release();
    for (const image of this.regions.values()) release(image);
    this.regions.clear();
  }

  private get threshold(): number {
    return this.segmenter.info.model.mask_threshold;
  }

  /** For each of the first answer's masks, which one from near agrees with it enough to take its place. */
  private agreeing(earlier: readonly LowResMask[], best: number, near: Segmentation, lone: boolean): (number | null)[] {
    const { overlap, agreement: least } = lookAgainRule;
    return earlier.map((mask, i) => {
      const fits = near.masks.map((other) => agreement(mask, other, this.threshold));
      if (i === best && !lone) return fits[near.best]! >= overlap ? near.best : null;
      return chosen(fits, near.scores, i === best ? overlap : least);
    });
  }

  private sealed(region: Region, answer: Segmentation): Segmentation {
    return { ...answer, masks: answer.masks.map((grid) => sealed(grid, region, this)) };
  }

  /** What the model answers when a region is all that it sees. Its masks are not sealed yet. */
  private async near(
    region: Region,
    prompt: Prompt,
    options: { kind?: SegmentKind; signal?: AbortSignal },
  ): Promise<Segmentation> {
    const image = await this.encoded(region);
    const mask = prompt.mask && moved(prompt.mask, region, this, this.segmenter.info.model.input_size);
    return image.segment(promptIn(region, { ...prompt, mask }), options);
  }

  private encoded(region: Region): Promise<EncodedImage> {
    const key = `${region.x} ${region.y} ${region.side}`;
    const image = this.regions.get(key) ?? this.look(region);
    this.regions.delete(key);
    this.regions.set(key, image);
    // One that failed may be tried again.
    image.catch(() => this.regions.get(key) === image && this.regions.delete(key));
    const [oldest] = this.regions.keys();
    if (this.regions.size > most && oldest !== undefined) {
      release(this.regions.get(oldest)!);
      this.regions.delete(oldest);
    }
    return image;
  }

  private async look(region: Region): Promise<EncodedImage> {
    const { signal } = this.stop;
    const bitmap = await this.cut(region);
    try {
      return await this.segmenter.encode(bitmap, { signal, behind: true });
    } finally {
      bitmap.close();
    }
  }
}

const release = (image: Promise<EncodedImage>): void =>
  void image.then(
    (encoded) => encoded.release(),
    () => undefined,
  );

/** What a failure comes to: nothing better than the first answer. Who stopped the call wants none at all. */
function given(error: unknown): null {
  if (error instanceof EngineError && error.code === "aborted") throw error;
  return null;
}

/** The first answer with the masks from near that take places in it; null: the first one stays. */
function replaced(first: Segmentation, near: Segmentation, places: readonly (number | null)[]): Segmentation {
  const each = <T>(ours: readonly T[], theirs: readonly T[]): T[] =>
    places.map((place, i) => (place === null ? ours[i]! : theirs[place]!));
  return {
    ...first,
    masks: each(first.masks, near.masks),
    scores: each(first.scores, near.scores),
    tokens: each(first.tokens, near.tokens),
  };
}

const isEmpty = ({ masks, best }: Segmentation, threshold: number): boolean =>
  !masks[best]!.logits.some((logit) => logit > threshold);
