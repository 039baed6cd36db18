/** What is painted and erased by hand: strokes of a round brush, kept as data and drawn at any resolution. */
import type { Point, Rect, Size } from "../engine/core/geometry";
import { squaredDistance } from "./simplify";

export interface Stroke {
  /** The way of the brush's middle, in continuous image pixels; a lone point is a dot. */
  readonly points: readonly Point[];
  /** In image pixels. */
  readonly radius: number;
  /** Takes away instead of adding. */
  readonly erase: boolean;
}

export const noStrokes: readonly Stroke[] = [];

/** The smallest rectangle of whole photo pixels that holds all that strokes add; null where they add nothing. */
export function strokesBounds(strokes: readonly Stroke[], photo: Size): Rect | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { points, radius, erase } of strokes) {
    if (erase) continue;
    for (const { x, y } of points) {
      [left, top] = [Math.min(left, x - radius), Math.min(top, y - radius)];
      [right, bottom] = [Math.max(right, x + radius), Math.max(bottom, y + radius)];
    }
  }
  [left, top] = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top))];
  [right, bottom] = [Math.min(photo.width, Math.ceil(right)), Math.min(photo.height, Math.ceil(bottom))];
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/**
 * Draws strokes into a mask of 0 and 1 that covers `part`, pixel by pixel, in place. A pixel belongs to a stroke when
 * its middle does.
 */
export function paintStrokes(mask: Uint8Array, part: Rect, strokes: readonly Stroke[]): void {
  for (const { points, radius, erase } of strokes) {
    const value = erase ? 0 : 1;
    eachSegment(points, radius, part, part, (i, d) => {
      if (d <= radius ** 2) mask[i] = value;
    });
  }
}

/** Puts strokes into a field of signed distances (image pixels, positive inside) that samples `rect`, in place. */
export function strokeField(field: Float32Array, rect: Rect, size: Size, strokes: readonly Stroke[]): void {
  const soft = 2 * Math.max(rect.width / size.width, rect.height / size.height);
  for (const { points, radius, erase } of strokes) {
    eachSegment(points, radius + soft, rect, size, (i, d) => {
      const inside = radius - Math.sqrt(d);
      field[i] = erase ? Math.min(field[i]!, -inside) : Math.max(field[i]!, inside);
    });
  }
}

/** Visits the samples near each straight piece of a line, with their squared distance from it in image pixels. */
function eachSegment(
  points: readonly Point[],
  reach: number,
  rect: Rect,
  { width, height }: Size,
  visit: (index: number, squared: number) => void,
): void {
  const [stepX, stepY] = [rect.width / width, rect.height / height];
  for (let n = 0; n < Math.max(1, points.length - 1); n++) {
    const a = points[n]!;
    const b = points[n + 1] ?? a;
    const left = Math.max(0, Math.floor((Math.min(a.x, b.x) - reach - rect.x) / stepX - 0.5));
    const right = Math.min(width - 1, Math.ceil((Math.max(a.x, b.x) + reach - rect.x) / stepX - 0.5));
    const top = Math.max(0, Math.floor((Math.min(a.y, b.y) - reach - rect.y) / stepY - 0.5));
    const bottom = Math.min(height - 1, Math.ceil((Math.max(a.y, b.y) + reach - rect.y) / stepY - 0.5));
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++) {
        const d = squaredDistance(rect.x + (x + 0.5) * stepX, rect.y + (y + 0.5) * stepY, a, b);
        if (d <= reach ** 2) visit(y * width + x, d);
      }
  }
}
