/** How opaque every pixel of the photo is, where several shapes are cut out together. */
import { cutOf, type Cut } from "../../postprocess/cut";
import { isSoft, keepsOutline } from "../../postprocess/postprocess";
import type { Rect, Size } from "../../engine/core/geometry";
import { coverOf, exactBounds, joinCovers } from "../../postprocess/shape";
import { coloursOf, guideOf, lightOf, pixelsOf } from "./light";
import type { Shapes } from "../decode/shared/protocol";

export interface Alpha {
  /** The smallest rectangle of photo pixels that holds all that is not transparent; null where everything is. */
  readonly bounds: Rect | null;
  /** 0 (transparent) to 255 for each pixel of a part of the photo, row by row. */
  read(part: Rect): Uint8Array<ArrayBuffer>;
}

/** For masks, whose edges are hard unless they were feathered. @param bitmap The photo at its own resolution, which edges may follow. */
export async function alphaOf(bitmap: ImageBitmap, { shapes }: Shapes): Promise<Alpha> {
  const photo = sizeOf(bitmap);
  const guide = guideFor(bitmap, { shapes });
  const light = lightOf(bitmap);
  const cover = joinCovers(shapes.map((shape) => coverOf(shape, { ...shape, photo }, guide, light)));
  return { bounds: exactBounds(cover), read: cover.read };
}

/** For pictures. */
export async function cutoutOf(bitmap: ImageBitmap, { shapes }: Shapes): Promise<Cut> {
  if (!shapes.some(({ finish }) => isSoft(finish))) {
    const { bounds, read } = await alphaOf(bitmap, { shapes });
    return { bounds, take: read };
  }
  return cutOf(shapes, {
    size: sizeOf(bitmap),
    guide: guideFor(bitmap, { shapes }),
    colours: () => coloursOf(bitmap),
    light: lightOf(bitmap),
    pixels: pixelsOf(bitmap),
  });
}

const sizeOf = ({ width, height }: ImageBitmap): Size => ({ width, height });

const guideFor = (bitmap: ImageBitmap, { shapes }: Shapes) =>
  shapes.some(({ finish }) => finish.edges && !keepsOutline(finish)) ? guideOf(bitmap, sizeOf(bitmap)) : null;
