/** Lines with fewer points that look the same, by Douglas and Peucker's algorithm. */
import type { Point } from "../engine/core/geometry";

/** Leaves out points of an open line that are nearer than `tolerance` to the straight way between their neighbours. */
export function simplify<P extends Point>(points: readonly P[], tolerance: number): P[] {
  if (points.length < 3) return [...points];
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span; span = open.pop()) {
    const [from, to] = span;
    let [farthest, at] = [tolerance ** 2, -1];
    for (let i = from + 1; i < to; i++) {
      const d = squaredDistance(points[i]!.x, points[i]!.y, points[from]!, points[to]!);
      if (d > farthest) [farthest, at] = [d, i];
    }
    if (at < 0) continue;
    keep[at] = 1;
    open.push([from, at], [at, to]);
  }
  return points.filter((_, i) => keep[i]);
}

/**
 * The same for a closed line, whose first point is not repeated: between the point farthest from the first one and the
 * point farthest from that.
 */
export function simplifyRing<P extends Point>(ring: readonly P[], tolerance: number): readonly P[] {
  if (ring.length < 4) return ring;
  const far = farthestFrom(ring, ring[0]!);
  const near = farthestFrom(ring, ring[far]!);
  const turned = [...ring.slice(near), ...ring.slice(0, near)];
  const middle = (far - near + ring.length) % ring.length;
  const halves = [turned.slice(0, middle + 1), [...turned.slice(middle), turned[0]!]];
  return halves.flatMap((half) => simplify(half, tolerance).slice(0, -1));
}

/** From a point to the nearest one of a straight piece of line. */
export function squaredDistance(x: number, y: number, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length > 0 ? Math.min(Math.max(((x - a.x) * dx + (y - a.y) * dy) / length, 0), 1) : 0;
  return (x - a.x - t * dx) ** 2 + (y - a.y - t * dy) ** 2;
}

function farthestFrom(ring: readonly Point[], { x, y }: Point): number {
  let [index, max] = [0, -1];
  ring.forEach((point, i) => {
    const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (distance > max) [index, max] = [i, distance];
  });
  return index;
}
