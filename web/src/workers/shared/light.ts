/** The brightness of a photo, which edges follow. */
import { brightness, guideSize, type Guide } from "../../postprocess/postprocess";
import type { Rect, Size } from "../../engine/core/geometry";
import { backgroundOf, isOpaque, layOn, type Background } from "../../engine/core/background";

/** On the grid that answers are finished on. @param photo The size that the picture has at its own resolution. */
export function guideOf(picture: ImageBitmap, photo: Size): Guide {
  const data = small(picture, photo);
  return brightness(layOn(data, backgroundOf([data]) ?? 0));
}

function small(picture: ImageBitmap, photo: Size): Uint8ClampedArray {
  const { width, height } = guideSize(photo);
  const context = canvas(width, height);
  context.imageSmoothingQuality = "medium";
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/** Reads it square by square at the photo's own resolution. */
export function lightOf(bitmap: ImageBitmap): (rect: Rect) => Float32Array {
  let context: OffscreenCanvasRenderingContext2D | null = null;
  let background: Background | null = null;
  return ({ x, y, width, height }) => {
    if (!context || context.canvas.width < width || context.canvas.height < height) context = canvas(width, height);
    context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    if (isOpaque(data)) return brightness(data);
    // One for the whole photo, so that squares meet without a seam.
    background ??= backgroundOf([small(bitmap, bitmap)]) ?? 0;
    return brightness(layOn(data, background));
  };
}

function canvas(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError("No memory for a canvas.");
  // What is transparent must not show what was drawn before.
  context.globalCompositeOperation = "copy";
  return context;
}
