/** The brightness and the colours of a photo, which edges follow. */
import type { Planes } from "../../postprocess/colourLines";
import { brightness, guideSize, type Guide } from "../../postprocess/postprocess";
import type { Rect, Size } from "../../engine/core/geometry";
import { backgroundOf, isOpaque, layOn, type Background } from "../../engine/core/background";

/** On the grid that answers are finished on. @param photo The size that the picture has at its own resolution. */
export const guideOf = (picture: ImageBitmap, photo: Size): Guide => brightness(laidOn(picture, photo));

/** Red, green and blue, 0 to 1, on the same grid. */
export function coloursOf(photo: ImageBitmap): Planes {
  const rgba = laidOn(photo, photo);
  const plane = (c: number) => Float32Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i + c]! / 255);
  return [plane(0), plane(1), plane(2)];
}

function laidOn(picture: ImageBitmap, photo: Size): Uint8ClampedArray {
  const data = small(picture, photo);
  return layOn(data, backgroundOf([data]) ?? 0);
}

function small(picture: ImageBitmap, photo: Size): Uint8ClampedArray {
  const { width, height } = guideSize(photo);
  const context = canvas(width, height);
  context.imageSmoothingQuality = "medium";
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

/** Reads its pixels as RGBA, part by part, at the photo's own resolution. */
export function pixelsOf(bitmap: ImageBitmap): (rect: Rect) => Uint8ClampedArray<ArrayBuffer> {
  let context: OffscreenCanvasRenderingContext2D | null = null;
  return ({ x, y, width, height }) => {
    if (!context || context.canvas.width < width || context.canvas.height < height) context = canvas(width, height);
    context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  };
}

/** Reads its brightness square by square at the photo's own resolution. */
export function lightOf(bitmap: ImageBitmap): (rect: Rect) => Float32Array {
  const pixels = pixelsOf(bitmap);
  let background: Background | null = null;
  return (rect) => {
    const data = pixels(rect);
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
