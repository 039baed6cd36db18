/** A photo's pixels, resized for the encoder exactly as in training. */
import { letterbox } from "../core/geometry";
import { resizeInBands, resizeRgba } from "../core/resize";

/** Pixels read at once. A phone's canvas bears some 16 million, and its memory not many copies of them. */
const bandPixels = 4_000_000;

export interface Photo {
  readonly rgb: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** It came as a bitmap of which every pixel is zero, its opacity too. */
  readonly blank: boolean;
}

/** Consumes `source`: a bitmap is closed, so that its pixels do not stay in memory beside the embeddings. */
export function readPhoto(source: ImageBitmap | ImageData, inputSize: number): Photo {
  const { newWidth: width, newHeight: height } = letterbox(source.width, source.height, inputSize);
  if (source instanceof ImageData) return { rgb: resizeRgba(source.data, source.width, source.height, width, height), width, height, blank: false };
  return { ...resizeBitmap(source, width, height), width, height };
}

function resizeBitmap(bitmap: ImageBitmap, newWidth: number, newHeight: number): Pick<Photo, "rgb" | "blank"> {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(bandPixels / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError("There is no room for a canvas of this size.");
  // What is transparent in one band must not show the band before.
  context.globalCompositeOperation = "copy";
  let blank = true;
  const rgb = resizeInBands(width, height, newWidth, newHeight, rows, (y, count) => {
    context.drawImage(bitmap, 0, y, width, count, 0, 0, width, count);
    const { data } = context.getImageData(0, 0, width, count);
    blank &&= data.every((value) => value === 0);
    return data;
  });
  bitmap.close();
  return { rgb, blank };
}
