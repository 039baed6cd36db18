/** A photo's pixels, resized for the encoder exactly as in training. */
import { letterbox } from "../core/geometry";
import { resizeInBands, resizeRgba } from "../core/resize";

/** Pixels read at once. A phone's canvas bears some 16 million, and its memory not many copies of them. */
const bandPixels = 4_000_000;

export interface Photo {
  readonly rgb: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** Consumes `source`: a bitmap is closed, so that its pixels do not stay in memory beside the embeddings. */
export function readPhoto(source: ImageBitmap | ImageData, inputSize: number): Photo {
  const { newWidth: width, newHeight: height } = letterbox(source.width, source.height, inputSize);
  const rgb = source instanceof ImageData ? resizeRgba(source.data, source.width, source.height, width, height) : resizeBitmap(source, width, height);
  return { rgb, width, height };
}

function resizeBitmap(bitmap: ImageBitmap, newWidth: number, newHeight: number): Uint8Array<ArrayBuffer> {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(bandPixels / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError("There is no room for a canvas of this size.");
  // What is transparent in one band must not show the band before.
  context.globalCompositeOperation = "copy";
  const rgb = resizeInBands(width, height, newWidth, newHeight, rows, (y, count) => {
    context.drawImage(bitmap, 0, y, width, count, 0, 0, width, count);
    return context.getImageData(0, 0, width, count).data;
  });
  bitmap.close();
  return rgb;
}
