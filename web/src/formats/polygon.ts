/** Outlines of what is opaque, as polygons in photo pixels. */
import { contours } from "d3-contour";
import type { Rect } from "../engine/core/geometry";
import { simplifyRing } from "../postprocess/simplify";

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
  const shape = contours()
    .size([rect.width, rect.height])
    .contour(alpha as unknown as number[], 127.5);
  return shape.coordinates.flatMap((rings) => {
    const [outside, ...holes] = rings.map((ring) => {
      const points = ring.slice(0, -1).map(([x, y]) => ({ x: x!, y: y! }));
      return simplifyRing(points, tolerance).map(({ x, y }) => [decimals(x + rect.x), decimals(y + rect.y)] as const);
    });
    return outside && outside.length > 2 ? [[outside, ...holes.filter((hole) => hole.length > 2)]] : [];
  });
}

const decimals = (value: number): number => Math.round(value * 100) / 100;
