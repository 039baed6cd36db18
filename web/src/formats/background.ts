/** What an object is put in front of: a colour, another picture, or the photo itself out of focus. */
import type { Rect, Size } from "../engine/core/geometry";

/** A blurred picture. It is small: there is nothing sharp in it. */
export interface Ground extends Size {
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
export function blurredGround(rgba: Uint8ClampedArray, alpha: Uint8Array, { width, height }: Size, sigma: number): Ground {
  const count = width * height;
  // Colour times weight, and the weight: divided after the blur, what has no weight has not taken part.
  const planes = Array.from({ length: 4 }, () => new Float32Array(count));
  for (let i = 0; i < count; i++) {
    const weight = ((255 - alpha[i]!) / 255) * (rgba[4 * i + 3]! / 255);
    for (let c = 0; c < 3; c++) planes[c]![i] = rgba[4 * i + c]! * weight;
    planes[3]![i] = weight;
  }
  const radius = Math.max(1, Math.round(sigma));
  for (const plane of planes) blurPlane(plane, width, height, radius);
  const rgb = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) rgb[3 * i + c] = planes[c]![i]! / Math.max(planes[3]![i]!, 1e-6);
  return { width, height, rgb };
}

/** The pixels of `part` of the photo, as opaque RGBA, read between the cells of a ground that covers the whole photo. */
export function readGround({ width, height, rgb }: Ground, photo: Size, part: Rect): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(part.width * part.height * 4).fill(255);
  const columns = axis(part.x, part.width, width / photo.width, width);
  const rows = axis(part.y, part.height, height / photo.height, height);
  const line = new Float32Array(width * 3);
  for (let y = 0, o = 0; y < part.height; y++) {
    const top = rows.low[y]! * width * 3;
    const bottom = Math.min(rows.low[y]! + 1, height - 1) * width * 3;
    const down = rows.part[y]!;
    for (let i = 0; i < line.length; i++) line[i] = rgb[top + i]! * (1 - down) + rgb[bottom + i]! * down;
    for (let x = 0; x < part.width; x++, o += 4) {
      const left = columns.low[x]! * 3;
      const right = Math.min(left + 3, line.length - 3);
      const across = columns.part[x]!;
      for (let c = 0; c < 3; c++) out[o + c] = line[left + c]! * (1 - across) + line[right + c]! * across;
    }
  }
  return out;
}

/** Lays pixels over a ground, in place; the result is opaque. All cover the same pixels. */
export function blend(rgba: Uint8ClampedArray, alpha: Uint8Array, ground: (pixel: number, channel: number) => number): void {
  for (let i = 0; i < alpha.length; i++) {
    const part = (alpha[i]! * rgba[4 * i + 3]!) / 65025;
    if (part < 1) for (let c = 0; c < 3; c++) rgba[4 * i + c] = rgba[4 * i + c]! * part + ground(i, c) * (1 - part);
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
export const rgbOf = (colour: string): readonly [number, number, number] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];

/** For each pixel along one axis: the cell before it, and how far it is on the way to the next. */
function axis(start: number, count: number, scale: number, size: number): { low: Int32Array; part: Float32Array } {
  const low = new Int32Array(count);
  const part = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const position = Math.min(Math.max((start + i + 0.5) * scale - 0.5, 0), size - 1);
    low[i] = Math.floor(position);
    part[i] = position - low[i]!;
  }
  return { low, part };
}

/** Three means over 2 × radius + 1 pixels come close to a Gaussian. What is outside has no weight. */
function blurPlane(plane: Float32Array, width: number, height: number, radius: number): void {
  const line = new Float32Array(Math.max(width, height));
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < height; y++) mean(plane, y * width, 1, width, radius, line);
    for (let x = 0; x < width; x++) mean(plane, x, width, height, radius, line);
  }
}

function mean(plane: Float32Array, start: number, stride: number, count: number, radius: number, line: Float32Array): void {
  for (let i = 0; i < count; i++) line[i] = plane[start + i * stride]!;
  let sum = 0;
  for (let i = 0; i < Math.min(radius, count); i++) sum += line[i]!;
  for (let i = 0; i < count; i++) {
    if (i + radius < count) sum += line[i + radius]!;
    if (i > radius) sum -= line[i - radius - 1]!;
    plane[start + i * stride] = sum / (2 * radius + 1);
  }
}
