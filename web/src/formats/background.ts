/** What an object is put in front of: a colour, another picture, or the photo itself out of focus. */
import { axis, Bilinear } from "../engine/core/bilinear";
import type { Rect, Size } from "../engine/core/geometry";
import { boxMean } from "../postprocess/blur";

/** A blurred picture. It is small: there is nothing sharp in it. */
export interface Background extends Size {
  /** Red, green and blue of each cell, 0 to 255, row by row. */
  readonly rgb: Float32Array;
}

/**
 * Blurs what surrounds an object, as if the object were not there: its colours must not shine around it.
 *
 * @param rgba A small copy of the photo.
 * @param alpha Opacity of the object, 0 to 255, of the same pixels.
 * @param sigma In pixels of the small copy.
 */
export function blurredBackground(
  rgba: Uint8ClampedArray,
  alpha: Uint8Array,
  { width, height }: Size,
  sigma: number,
): Background {
  const count = width * height;
  // Colour times weight, and the weight: divided after the blur, what has no weight has not taken part.
  const planes = Array.from({ length: 4 }, () => new Float32Array(count));
  for (let i = 0; i < count; i++) {
    const weight = ((255 - alpha[i]!) / 255) * (rgba[4 * i + 3]! / 255);
    for (let c = 0; c < 3; c++) planes[c]![i] = rgba[4 * i + c]! * weight;
    planes[3]![i] = weight;
  }
  const radius = Math.max(1, Math.round(sigma));
  const mean = (plane: Float32Array): Float32Array => boxMean(plane, { width, height }, radius);
  const blurred = planes.map((plane) => mean(mean(mean(plane))));
  const rgb = new Float32Array(count * 3);
  for (let i = 0; i < count; i++)
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = blurred[c]![i]! / Math.max(blurred[3]![i]!, 1e-6);
  return { width, height, rgb };
}

/**
 * The pixels of `part` of the photo, as opaque RGBA, read between the cells of a background that covers the whole photo.
 */
export function readBackground(
  { width, height, rgb }: Background,
  photo: Size,
  part: Rect,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(part.width * part.height * 4).fill(255);
  const columns = axis(width, part.width, part.x, 1, width / photo.width);
  const rows = axis(height, part.height, part.y, 1, height / photo.height);
  const background = new Bilinear(rgb, width, columns, rows, 3);
  for (let y = 0, o = 0; y < part.height; y++) {
    background.row(y);
    for (let x = 0; x < part.width; x++, o += 4) for (let c = 0; c < 3; c++) out[o + c] = background.at(x, c);
  }
  return out;
}

/** Lays pixels over a background, in place; the result is opaque. All cover the same pixels. */
export function blend(
  rgba: Uint8ClampedArray,
  alpha: Uint8Array,
  background: (pixel: number, channel: number) => number,
): void {
  for (let i = 0; i < alpha.length; i++) {
    const part = (alpha[i]! * rgba[4 * i + 3]!) / 65025;
    if (part < 1) for (let c = 0; c < 3; c++) rgba[4 * i + c] = rgba[4 * i + c]! * part + background(i, c) * (1 - part);
    rgba[4 * i + 3] = 255;
  }
}

/** Where a picture lies so that it just covers a rectangle that begins at 0, 0: its middle in the middle. */
export function cover(picture: Size, rect: Size): Rect {
  const scale = Math.max(rect.width / picture.width, rect.height / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { x: (rect.width - width) / 2, y: (rect.height - height) / 2, width, height };
}

/** Red, green and blue of `#rrggbb`. */
export const rgbOf = (colour: string): readonly [number, number, number] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
