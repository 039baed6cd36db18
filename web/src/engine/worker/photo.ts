/** A photo's pixels, resized for the encoder exactly as in training. */
import { letterbox } from "../core/geometry";
import { backgroundOf, isOpaque, layOn } from "../core/background";
import { resizeInBands } from "../core/resize";

/** Pixels read at once. A phone's canvas bears some 16 million, and its memory not many copies of them. */
const bandPixels = 4_000_000;

export interface Photo {
  readonly rgb: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** It came as a bitmap of which nothing can be seen: every pixel is transparent. */
  readonly blank: boolean;
}

/**
 * Consumes `source`: a bitmap is closed, so that its pixels do not stay in memory beside the embeddings. What is
 * transparent in places is laid on black or white: the model would take what is hidden there for part of the picture.
 */
export function readPhoto(source: ImageBitmap | ImageData, inputSize: number): Photo {
  const { newWidth: width, newHeight: height } = letterbox(source.width, source.height, inputSize);
  const pixels = source instanceof ImageData ? pixelsOf(source) : pixelsOfBitmap(source);
  let opaque = true;
  let rgb = resized(pixels, width, height, (data) => {
    opaque &&= isOpaque(data);
    return data;
  });
  const background = opaque ? null : backgroundOf(bandsOf(pixels));
  if (background !== null) rgb = resized(pixels, width, height, (data) => layOn(data, background));
  if (!(source instanceof ImageData)) source.close();
  return { rgb, width, height, blank: !opaque && background === null && !(source instanceof ImageData) };
}

/** A picture that is read a few rows at a time. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  /** At most. */
  readonly rows: number;
  read(y: number, count: number): Uint8ClampedArray;
}

const pixelsOf = ({ width, height, data }: ImageData): Pixels => ({ width, height, rows: height, read: () => data });

function pixelsOfBitmap(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(bandPixels / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError("There is no room for a canvas of this size.");
  // What is transparent in one band must not show the band before.
  context.globalCompositeOperation = "copy";
  const read = (y: number, count: number): Uint8ClampedArray => {
    context.drawImage(bitmap, 0, y, width, count, 0, 0, width, count);
    return context.getImageData(0, 0, width, count).data;
  };
  return { width, height, rows, read };
}

const resized = (
  { width, height, rows, read }: Pixels,
  newWidth: number,
  newHeight: number,
  treat: (data: Uint8ClampedArray) => Uint8ClampedArray,
): Uint8Array<ArrayBuffer> =>
  resizeInBands(width, height, newWidth, newHeight, rows, (y, count) => treat(read(y, count)));

function* bandsOf({ height, rows, read }: Pixels): Generator<Uint8ClampedArray> {
  for (let y = 0; y < height; y += rows) yield read(y, Math.min(rows, height - y));
}
