/** Small versions of what is saved: each of their pixels is the mean of those of the photo that become one. */
import type { Rect, Size } from "../../../engine/core/geometry";
import { bandsOf } from "./bands";

/** @param side The longest that the result's sides may be. */
export function smallSize({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Mean opacity. */
export function smallAlpha(read: (part: Rect) => Uint8Array, rect: Rect, size: Size): Uint8Array {
  const sums = new Float64Array(size.width * size.height);
  const counts = eachPixel(rect, size, read, (values, i, o) => (sums[o]! += values[i]!));
  return Uint8Array.from(sums, (sum, o) => Math.round(sum / counts[o]!));
}

export interface SmallCut {
  readonly alpha: Uint8Array;
  /** Opaque RGBA: the colours of what is not transparent, by its opacity; 0 elsewhere. */
  readonly colours: Uint8ClampedArray<ArrayBuffer>;
}

/** @param read RGBA of a part, with the opacity of what is cut out. */
export function smallCut(read: (part: Rect) => Uint8ClampedArray, rect: Rect, size: Size): SmallCut {
  const sums = Array.from({ length: 4 }, () => new Float64Array(size.width * size.height));
  const [red, green, blue, opacity] = sums as [Float64Array, Float64Array, Float64Array, Float64Array];
  const counts = eachPixel(rect, size, read, (values, i, o) => {
    const weight = values[4 * i + 3]!;
    red[o]! += weight * values[4 * i]!;
    green[o]! += weight * values[4 * i + 1]!;
    blue[o]! += weight * values[4 * i + 2]!;
    opacity[o]! += weight;
  });
  const colours = new Uint8ClampedArray(4 * opacity.length).fill(255);
  for (let o = 0; o < opacity.length; o++)
    for (let c = 0; c < 3; c++) colours[4 * o + c] = sums[c]![o]! / Math.max(opacity[o]!, 1);
  return { alpha: Uint8Array.from(opacity, (sum, o) => Math.round(sum / counts[o]!)), colours };
}

/** @returns How many pixels each of the small ones has been visited for. */
function eachPixel<T>(
  rect: Rect,
  { width, height }: Size,
  read: (part: Rect) => T,
  visit: (values: T, from: number, to: number) => void,
): Uint32Array {
  const counts = new Uint32Array(width * height);
  const columns = Int32Array.from({ length: rect.width }, (_, x) => Math.floor(((x + 0.5) * width) / rect.width));
  for (const band of bandsOf(rect)) {
    const values = read(band);
    for (let y = 0, i = 0; y < band.height; y++) {
      const row = Math.floor(((band.y - rect.y + y + 0.5) * height) / rect.height) * width;
      for (let x = 0; x < rect.width; x++, i++) {
        const o = row + columns[x]!;
        visit(values, i, o);
        counts[o]!++;
      }
    }
  }
  return counts;
}
