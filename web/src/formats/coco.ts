/** Objects of one photo as COCO annotations, as pycocotools and annotation tools read them. */
import type { Size } from "../engine/core/geometry";
import { crc32 } from "./crc32";
import type { Polygon } from "./polygon";
import { areaOf, boundsOf, compressRuns } from "./rle";

export interface CocoObject {
  readonly name: string;
  /** Runs of its pixels, down the photo's columns; they begin with those outside. */
  readonly runs: readonly number[];
  readonly polygons: readonly Polygon[];
}

/** Of one photo: their ids follow each other. A number in JSON is exact up to `2 ** 53`. */
const mostObjects = 100_000;

/** Positive, and small enough for tools that keep it in 32 bits. */
function imageId({ file, width, height }: Size & { readonly file: string }): number {
  const bytes = [...`${file} ${width} ${height}`].flatMap((letter) => [
    letter.codePointAt(0)! >> 16,
    letter.codePointAt(0)! >> 8,
    letter.codePointAt(0)!,
  ]);
  return crc32(Uint8Array.from(bytes)) & 0x7fffffff || 1;
}

/**
 * Every name is a category. `segmentation` is the exact mask as compressed run lengths; `polygons` holds its outlines
 * for tools that want these there, without holes, because COCO's polygons cannot have any. Ids of the image and its
 * annotations come from the photo's name and size: those of several photos can be put into one file.
 */
export function cocoOf(photo: Size & { readonly file: string }, objects: readonly CocoObject[]): string {
  const { width, height, file } = photo;
  const image = imageId(photo);
  const names = [...new Set(objects.map(({ name }) => name))];
  return JSON.stringify({
    info: { description: `Masks of ${file}, made with Tapmask`, version: "1.0" },
    licenses: [],
    images: [{ id: image, width, height, file_name: file }],
    annotations: objects.map(({ name, runs, polygons }, i) => {
      const bounds = boundsOf(runs, height) ?? { x: 0, y: 0, width: 0, height: 0 };
      return {
        id: image * mostObjects + i + 1,
        image_id: image,
        category_id: names.indexOf(name) + 1,
        segmentation: { size: [height, width], counts: compressRuns(runs) },
        polygons: polygons.map(([outside]) => outside!.flat()),
        bbox: [bounds.x, bounds.y, bounds.width, bounds.height],
        area: areaOf(runs),
        iscrowd: 0,
      };
    }),
    categories: names.map((name, i) => ({ id: i + 1, name, supercategory: "object" })),
  });
}
