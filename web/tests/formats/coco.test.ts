import { expect, it } from "vitest";
import { cocoOf } from "../../src/formats/coco";
import { compressRuns } from "../../src/formats/rle";

const photo = { file: "photo.jpg", width: 5, height: 4 };
const square = [
  [
    [1, 1],
    [3, 1],
    [3, 3],
    [1, 3],
  ],
  [
    [1.5, 1.5],
    [2, 1.5],
    [2, 2],
  ],
] as const;
const runs = [5, 2, 2, 2, 9];

it("has an annotation for every object and a category for every name", () => {
  const coco = JSON.parse(
    cocoOf(
      photo,
      ["cup", "spoon", "cup"].map((name) => ({ name, runs, polygons: [square] })),
    ),
  );
  expect(coco.images).toEqual([{ id: coco.images[0].id, width: 5, height: 4, file_name: "photo.jpg" }]);
  expect(coco.categories.map(({ id, name }: { id: number; name: string }) => [id, name])).toEqual([
    [1, "cup"],
    [2, "spoon"],
  ]);
  expect(coco.annotations.map(({ category_id }: Record<string, number>) => category_id)).toEqual([1, 2, 1]);
  expect(coco.annotations[0]).toMatchObject({
    image_id: coco.images[0].id,
    segmentation: { size: [4, 5], counts: compressRuns(runs) },
    polygons: [[1, 1, 3, 1, 3, 3, 1, 3]],
    bbox: [1, 1, 2, 2],
    area: 4,
    iscrowd: 0,
  });
});

it("says that an object has no pixels", () => {
  const coco = JSON.parse(cocoOf(photo, [{ name: "nothing", runs: [20], polygons: [] }]));
  expect(coco.annotations[0]).toMatchObject({ area: 0, bbox: [0, 0, 0, 0] });
});

it("has ids that are not those of another photo, and always the same of this one", () => {
  const idsOf = (change: Partial<typeof photo>): number[] => {
    const { images, annotations } = JSON.parse(
      cocoOf(
        { ...photo, ...change },
        ["cup", "spoon"].map((name) => ({ name, runs, polygons: [] })),
      ),
    );
    return [images[0].id, ...annotations.map(({ id }: { id: number }) => id)];
  };
  const all = [idsOf({}), idsOf({ file: "other.jpg" }), idsOf({ file: "مُحَمَّد.jpg" }), idsOf({ width: 20, height: 1 })];
  for (const place of [0, 1, 2]) expect(new Set(all.map((ids) => ids[place])).size).toBe(4);
  expect(new Set(all.flatMap((ids) => ids.slice(1))).size).toBe(8);
  expect(all.flat().every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
  expect(all.every(([image]) => image! < 2 ** 31)).toBe(true);
  expect(idsOf({})).toEqual(all[0]);
});
