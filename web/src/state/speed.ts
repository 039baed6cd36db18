/** How fast a model is here: photos read and taps answered, timed as the page meets them. */
import type { EncodedImage, Segmenter } from "../engine/segmenter";

/** Milliseconds. */
export interface Speed {
  /** Of the first photo after the start. */
  readonly firstEncode: number;
  /** The median of those after it; of the first one where there was no time for more. */
  readonly encode: number;
  readonly tapP50: number;
  readonly tapP95: number;
}

export interface Amount {
  /** Photos after the first one, at most. */
  readonly encodes: number;
  /** At most. */
  readonly taps: number;
  /** Milliseconds for the photos, and as many for the taps: what takes longer ends sooner, but not before there is one of each. */
  readonly patience: number;
}

/**
 * @param photo Stays the caller's.
 * @throws EngineError as `Segmenter.encode` and `EncodedImage.segment` do.
 */
export async function measureSpeed(
  segmenter: Pick<Segmenter, "encode">,
  photo: ImageBitmap | ImageData,
  { encodes, taps, patience }: Amount,
  now: () => number = () => performance.now(),
): Promise<Speed> {
  let image: EncodedImage | null = null;
  const read = async (): Promise<void> => {
    image?.release();
    image = await segmenter.encode(photo);
  };
  const [firstEncode = 0, ...others] = await timed(read, 1 + encodes, patience, now);
  const times = await timed((turn) => tap(image!, turn), taps, patience, now);
  image!.release();
  return {
    firstEncode,
    encode: quantile(others.length ? others : [firstEncode], 0.5),
    tapP50: quantile(times, 0.5),
    tapP95: quantile(times, 0.95),
  };
}

async function timed(
  work: (turn: number) => Promise<void>,
  times: number,
  patience: number,
  now: () => number,
): Promise<number[]> {
  const begin = now();
  const taken: number[] = [];
  for (let start = begin; taken.length < times && (!taken.length || start - begin < patience); start = now()) {
    // One after the other, as a person taps.
    // oxlint-disable-next-line no-await-in-loop
    await work(taken.length);
    taken.push(now() - start);
  }
  return taken;
}

/** Over the photo's middle, never twice at the same place: an answer may be remembered somewhere. */
async function tap(image: EncodedImage, turn: number): Promise<void> {
  const [x, y] = [0.2 + 0.6 * ((turn * 0.618) % 1), 0.2 + 0.6 * ((turn * 0.755) % 1)];
  await image.segment({ points: [{ x: Math.floor(x * image.width), y: Math.floor(y * image.height), label: 1 }] });
}

/** The smallest of the values that at least that share of them does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
