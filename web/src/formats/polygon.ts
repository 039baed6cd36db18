/** Outlines of what is opaque, as polygons in photo pixels. */
import { contours } from "d3-contour";
import type { Rect } from "../engine/core/geometry";

export type Ring = readonly (readonly [x: number, y: number])[];

/** The first ring goes around, the others around its holes. No ring repeats its first point. */
export type Polygon = readonly Ring[];

/** How far, in photo pixels, a simplified outline may be from the exact one: less than anybody sees. */
const tolerance = 0.45;

/**
 * @param alpha Opacity, 0 to 255, of the pixels of `rect`, row by row. What is outside of it is transparent.
 * @returns Polygons whose corners have two decimals.
 */
export function outlinesOf(alpha: Uint8Array, rect: Rect): Polygon[] {
  const shape = contours().size([rect.width, rect.height]).contour(alpha as unknown as number[], 127.5);
  return shape.coordinates.flatMap((rings) => {
    const [outside, ...holes] = rings.map((ring) => simplify(ring.slice(0, -1) as [number, number][]).map(([x, y]) => [decimals(x + rect.x), decimals(y + rect.y)] as const));
    return outside && outside.length > 2 ? [[outside, ...holes.filter((hole) => hole.length > 2)]] : [];
  });
}

const decimals = (value: number): number => Math.round(value * 100) / 100;

/** Douglas and Peucker's algorithm for a closed line, between the two points that are farthest from the first and from each other. */
export function simplify(ring: Ring, distance = tolerance): Ring {
  if (ring.length < 4) return ring;
  const far = farthest(ring, ring[0]!);
  const near = farthest(ring, ring[far]!);
  const turned = [...ring.slice(near), ...ring.slice(0, near)];
  const middle = (far - near + ring.length) % ring.length;
  const kept = new Uint8Array(turned.length);
  kept[0] = kept[middle] = 1;
  const open: [number, number][] = [
    [0, middle],
    [middle, turned.length],
  ];
  for (let part = open.pop(); part; part = open.pop()) {
    const [from, to] = part;
    const split = mostDistant(turned, from, to, distance);
    if (split < 0) continue;
    kept[split] = 1;
    open.push([from, split], [split, to]);
  }
  return turned.filter((_, i) => kept[i]);
}

function farthest(ring: Ring, [x, y]: Ring[number]): number {
  let [index, most] = [0, -1];
  ring.forEach((point, i) => {
    const distance = (point[0] - x) ** 2 + (point[1] - y) ** 2;
    if (distance > most) [index, most] = [i, distance];
  });
  return index;
}

/** The point between `from` and `to` that is farthest from the straight line, or −1: all are near enough. */
function mostDistant(ring: Ring, from: number, to: number, distance: number): number {
  const [ax, ay] = ring[from]!;
  const [bx, by] = ring[to % ring.length]!;
  const [dx, dy] = [bx - ax, by - ay];
  const squared = dx * dx + dy * dy;
  let [index, most] = [-1, distance ** 2];
  for (let i = from + 1; i < to; i++) {
    const [x, y] = [ring[i]![0] - ax, ring[i]![1] - ay];
    const along = squared ? Math.min(Math.max((x * dx + y * dy) / squared, 0), 1) : 0;
    const off = (x - along * dx) ** 2 + (y - along * dy) ** 2;
    if (off > most) [index, most] = [i, off];
  }
  return index;
}
