/** Objects of one photo as COCO annotations, as pycocotools and annotation tools read them. */
import type { Size } from "../engine/core/geometry";
import type { Polygon } from "./polygon";
import { areaOf, boundsOf, compressRuns } from "./rle";

export interface CocoObject {
  readonly name: string;
  /** Runs of its pixels, down the photo's columns; they begin with those outside. */
  readonly runs: readonly number[];
  readonly polygons: readonly Polygon[];
}

/**
 * Every name is a category. `segmentation` is the exact mask as compressed run lengths; `polygons` holds its outlines for tools that
 * want these there, without holes, because COCO's polygons cannot have any.
 */
export function cocoOf(photo: Size & { readonly file: string }, objects: readonly CocoObject[]): string {
  const { width, height, file } = photo;
  const names = [...new Set(objects.map(({ name }) => name))];
  return JSON.stringify({
    info: { description: `Masks of ${file}, made with Tapmask`, version: "1.0" },
    licenses: [],
    images: [{ id: 1, width, height, file_name: file }],
    annotations: objects.map(({ name, runs, polygons }, i) => {
      const bounds = boundsOf(runs, height) ?? { x: 0, y: 0, width: 0, height: 0 };
      return {
        id: i + 1,
        image_id: 1,
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
