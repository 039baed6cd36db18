/** Where small things are looked at again: the golden file of tests/golden/make_look_again.py, and how masks of a region are read. */
import { expect, test } from "vitest";
import {
  agreement,
  boxOf,
  chosen,
  holds,
  isWhole,
  lookAgainRule,
  moved,
  promptIn,
  regionAround,
  sealed,
  viewFor,
  viewOf,
  wholeOnes,
} from "../../../src/engine/core/lookAgain";
import { contour, maskBounds, sampleMask } from "../../../src/engine/core/mask";
import type { LowResMask, PromptBox, Region } from "../../../src/engine/core/prompt";
import { defaultPostprocessing, postprocess } from "../../../src/postprocess/postprocess";
import { area, golden } from "../../support";

type Place = [number, number, number] | null;
type Corners = [number, number, number, number];
interface Blob {
  x: number;
  y: number;
  radius: number;
  steepness: number;
}

const made = golden("look_again");
const side = 16;
const photoOf = ([width, height]: [number, number]) => ({ width, height });
const regionOf = (place: Place): Region | null => place && { x: place[0], y: place[1], side: place[2] };
const boxFrom = ([x1, y1, x2, y2]: Corners): PromptBox => ({ x1, y1, x2, y2 });

const blob = ({ x, y, radius, steepness }: Blob, size = side): LowResMask => ({
  size,
  logits: Float32Array.from(
    { length: size ** 2 },
    (_, i) => steepness * (radius ** 2 - ((i % size) - x) ** 2 - (Math.floor(i / size) - y) ** 2),
  ),
});

test("the constants of the rule", () => expect(lookAgainRule).toEqual(made.rule));

test.each<{ size: [number, number]; box: Corners; region: Place }>(made.regions)(
  "the region around $box in $size",
  ({ size, box, region }) => expect(regionAround(boxFrom(box), photoOf(size))).toEqual(regionOf(region)),
);

test.each<{ size: [number, number]; box: Corners; padding: number; region: Place }>(made.views)(
  "what is seen of $size by who has zoomed in to $padding times $box",
  ({ size, box, padding, region }) => {
    expect(regionAround(boxFrom(box), photoOf(size), padding)).toEqual(regionOf(region));
    const [x1, y1, x2, y2] = box;
    const seen = { x: x1, y: y1, width: x2 + 1 - x1, height: y2 + 1 - y1 };
    if (padding === 1) expect(viewOf(seen, photoOf(size))).toEqual(regionOf(region));
  },
);

test("a view ends where the photo does, and is nothing beside it", () => {
  const wide = { width: 640, height: 480 };
  expect(viewOf({ x: -200, y: 300.5, width: 300, height: 400 }, wide)).toEqual({ x: 0, y: 300, side: 180 });
  expect(viewOf({ x: 560.5, y: -50, width: 300, height: 100.25 }, wide)).toEqual({ x: 560, y: 0, side: 80 });
  expect(viewOf({ x: -400, y: 0, width: 300, height: 300 }, wide)).toBeNull();
  expect(viewOf({ x: -100, y: -100, width: 840, height: 680 }, wide)).toBeNull();
});

test.each<{ region: Place; box: Corners; held: boolean }>(made.holds)("a region and $box", ({ region, box, held }) => {
  const [view, asked] = [regionOf(region)!, boxFrom(box)];
  expect(holds(view, asked)).toBe(held);
  const answer = blob({ x: 8, y: 8, radius: 99, steepness: 1 });
  expect(viewFor({ points: [], box: asked, view }, answer)).toEqual(held ? view : null);
  expect(viewFor({ points: [], box: asked }, answer)).toBeNull();
  expect(viewFor({ points: [], box: asked, view }, { ...answer, region: view })).toBeNull();
});

test.each<{ size: [number, number]; mask: Blob; box: Corners | null }>(made.boxes)(
  "the pixels that $mask touches in $size",
  ({ size, mask, box }) => expect(boxOf(blob(mask), photoOf(size), 4 * side)).toEqual(box && boxFrom(box)),
);

test.each<{
  size: [number, number];
  mask: Blob;
  from: Place;
  to: Place;
  cells: [number, number][];
  values: number[];
}>(made.moved)("a grid of $from read over $to", ({ size, mask, from, to, cells, values }) => {
  const found = moved({ ...blob(mask), region: regionOf(from) }, regionOf(to), photoOf(size), 4 * side);
  expect(found.region).toEqual(regionOf(to));
  cells.forEach(([x, y], i) => expect(found.logits[y * side + x]).toBeCloseTo(values[i]!, 4));
});

test.each<{ size: [number, number]; region: Place; outside: number; cells: [number, number][] }>(made.sealed)(
  "the edge of $region in $size",
  ({ size, region, outside, cells }) => {
    const ones = { size: side, logits: new Float32Array(side ** 2).fill(1) };
    const expected = ones.logits.slice();
    for (const [x, y] of cells) expected[y * side + x] = outside;
    expect(sealed(ones, regionOf(region)!, photoOf(size)).logits).toEqual(expected);
  },
);

test.each<{ size: [number, number]; region: Place; mask: Blob; whole: boolean }>(made.whole)(
  "does $mask end before $region in $size does",
  ({ size, region, mask, whole }) => expect(isWhole(blob(mask), regionOf(region)!, photoOf(size))).toBe(whole),
);

test.each<{ whole: boolean[]; best: number; places: (number | null)[] }>(made.whole_ones)(
  "which of $whole take the places of the first answer's",
  ({ whole, best, places }) => expect(wholeOnes(whole, best)).toEqual(places),
);

test.each<{ first: Blob; second: Blob; iou: number }>(made.agreement)("agreement of two masks", (it) =>
  expect(agreement(blob(it.first), blob(it.second))).toBeCloseTo(it.iou, 9),
);

test.each<{ fits: number[]; predicted: number[]; least: number; chosen: number | null }>(made.chosen)(
  "which of $fits takes the place",
  (it) => expect(chosen(it.fits, it.predicted, it.least)).toBe(it.chosen),
);

test.each<{
  region: Place;
  points: [number, number, 0 | 1][];
  box: Corners;
  points_in: [number, number, 0 | 1][];
  box_in: Corners;
}>(made.prompts)("a prompt inside a region", ({ region, points, box, points_in: pointsIn, box_in: boxIn }) => {
  const found = promptIn(regionOf(region)!, {
    points: points.map(([x, y, label]) => ({ x, y, label })),
    box: boxFrom(box),
  });
  expect(found.points.map(({ x, y, label }) => [x, y, label])).toEqual(pointsIn);
  expect(found.box).toEqual(boxFrom(boxIn));
});

// A disc of radius 20 around (140, 110) in a region of 80 pixels.
const photo = { width: 400, height: 300 };
const region = { x: 100, y: 70, side: 80 };
const disc = sealed(blob({ x: 31.5, y: 31.5, radius: 16, steepness: 1 }, 64), region, photo);

test("a mask of a region is read where the region lies, and is nothing elsewhere", () => {
  const mask = sampleMask(disc, photo, 256);
  expect(area(mask) / (Math.PI * 20 ** 2)).toBeCloseTo(1, 1);
  expect(maskBounds(disc, photo, 256)).toEqual({ x: 120, y: 90, width: 40, height: 40 });
  const [ring, ...more] = contour(disc, photo, 256);
  expect(more).toEqual([]);
  for (const { x, y } of ring!) expect(Math.hypot(x - 140, y - 110)).toBeCloseTo(20, 0);
});

test("what fills its region ends there", () => {
  const full = sealed({ size: 64, logits: new Float32Array(64 ** 2).fill(5) }, region, photo);
  const bounds = maskBounds(full, photo, 256)!;
  expect(bounds.x).toBeGreaterThanOrEqual(region.x);
  expect(bounds.x + bounds.width).toBeLessThanOrEqual(region.x + region.side);
});

test("a mask of a region is finished in the region's own pixels", () => {
  const field = postprocess(
    { mask: disc, photo, inputSize: 256, threshold: 0, seeds: [{ x: 140, y: 110 }] },
    defaultPostprocessing,
    new Float32Array(400 * 300).fill(0.5),
  )!;
  const inside = field.distance.filter((distance) => distance > 0).length;
  const pixels = (field.rect.width / field.width) * (field.rect.height / field.height);
  expect((inside * pixels) / (Math.PI * 20 ** 2)).toBeCloseTo(1, 1);
  expect(field.rect.x).toBeGreaterThanOrEqual(region.x);
});
