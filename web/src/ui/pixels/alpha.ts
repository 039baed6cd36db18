/** How opaque every pixel of the photo is, where several shapes are cut out together. */
import type { Rect, Size } from "../../core/geometry";
import { joinBounds, maskBounds, sampleUnion } from "../../core/mask";
import type { Shapes } from "./protocol";

export interface Alpha {
  /** The smallest rectangle of photo pixels that holds all that is not transparent; null where everything is. */
  readonly bounds: Rect | null;
  /** 0 (transparent) to 255 for each pixel of a part of the photo, row by row. */
  read(part: Rect): Uint8Array;
}

/** @param bitmap The photo at its own resolution, which edges may follow. */
export async function alphaOf(bitmap: ImageBitmap, { shapes, inputSize, threshold }: Shapes): Promise<Alpha> {
  const photo: Size = { width: bitmap.width, height: bitmap.height };
  const masks = shapes.map(({ mask }) => mask);
  return {
    bounds: joinBounds(masks.map((mask) => maskBounds(mask, photo, inputSize, threshold))),
    read(part) {
      const alpha = sampleUnion(masks, photo, inputSize, { rect: part, width: part.width, height: part.height }, threshold);
      for (let i = 0; i < alpha.length; i++) alpha[i] = alpha[i] ? 255 : 0;
      return alpha;
    },
  };
}
