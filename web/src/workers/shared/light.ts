/** The brightness of a photo, which edges follow. */
import { brightness, guideSize, type Guide } from "../../postprocess/postprocess";
import type { Rect, Size } from "../../engine/core/geometry";

/** On the grid that answers are finished on. @param photo The size that the picture has at its own resolution. */
export function guideOf(picture: ImageBitmap, photo: Size): Guide {
  const { width, height } = guideSize(photo);
  const context = canvas(width, height);
  context.imageSmoothingQuality = "medium";
  context.drawImage(picture, 0, 0, width, height);
  return brightness(context.getImageData(0, 0, width, height).data);
}

/** Reads it square by square at the photo's own resolution. */
export function lightOf(bitmap: ImageBitmap): (rect: Rect) => Float32Array {
  let context: OffscreenCanvasRenderingContext2D | null = null;
  return ({ x, y, width, height }) => {
    if (!context || context.canvas.width < width || context.canvas.height < height) context = canvas(width, height);
    context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
    return brightness(context.getImageData(0, 0, width, height).data);
  };
}

function canvas(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new RangeError("No memory for a canvas.");
  // What is transparent must not show what was drawn before.
  context.globalCompositeOperation = "copy";
  return context;
}
