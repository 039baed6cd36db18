/** How opaque every pixel of the photo is, where several shapes are cut out together. */
import { keepsOutline } from "../../postprocess/postprocess";
import type { Rect, Size } from "../../engine/core/geometry";
import { coverOf, exactBounds, joinCovers } from "../../postprocess/shape";
import { guideOf, lightOf } from "./light";
import type { Shapes } from "../decode/shared/protocol";

export interface Alpha {
  /** The smallest rectangle of photo pixels that holds all that is not transparent; null where everything is. */
  readonly bounds: Rect | null;
  /** 0 (transparent) to 255 for each pixel of a part of the photo, row by row. */
  read(part: Rect): Uint8Array;
}

/** @param bitmap The photo at its own resolution, which edges may follow. */
export async function alphaOf(bitmap: ImageBitmap, { shapes }: Shapes): Promise<Alpha> {
  const photo: Size = { width: bitmap.width, height: bitmap.height };
  const guide = shapes.some(({ finish }) => finish.edges && !keepsOutline(finish)) ? guideOf(bitmap, photo) : null;
  const light = lightOf(bitmap);
  const cover = joinCovers(shapes.map((shape) => coverOf(shape, { ...shape, photo }, guide, light)));
  return { bounds: exactBounds(cover), read: cover.read };
}
