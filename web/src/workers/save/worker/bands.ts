/** How a photo is worked off piece by piece. */
import { bands } from "../../../engine/core/cutout";
import type { Rect } from "../../../engine/core/geometry";

/** Rows of about this many pixels are worked on at once. */
const bandPixels = 2_000_000;

/** Parts of a rectangle, from top to bottom. */
export const bandsOf = (rect: Rect): Rect[] => bands(rect, bandPixels);

/** Parts of a rectangle at its full height, from left to right. */
export function stripsOf(rect: Rect): Rect[] {
  const turned = bandsOf({ x: rect.y, y: rect.x, width: rect.height, height: rect.width });
  return turned.map((band) => ({ x: band.y, y: band.x, width: band.height, height: band.width }));
}
