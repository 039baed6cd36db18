/**
 * What the page and Python must decide alike: the golden files of tests/golden/make_prompts.py, which pytest reads too.
 */
import { describe, expect, test } from "vitest";
import { candidates } from "../../../src/engine/core/candidates";
import { everythingDefaults, judge, ladder, select, type Bar, type Spotted } from "../../../src/engine/core/everything";
import { lonePointFeeds, promptFeeds } from "../../../src/engine/core/feeds";
import { letterbox } from "../../../src/engine/core/geometry";
import { cellsWithin, gridSize } from "../../../src/engine/core/grid";
import { furtherPlaces, placePoint, startPlaces } from "../../../src/engine/core/places";
import { golden } from "../../support";

interface Candidates {
  ious: number[];
  lone_point: boolean;
  tokens: number[];
  best: number;
}

test.each<Candidates>(golden("candidates").cases)(
  "the candidates of $ious, lone point: $lone_point",
  ({ ious, lone_point: lone, tokens, best }) => {
    const point = { x: 1, y: 1, label: 1 } as const;
    const prompts = lone
      ? [{ points: [point] }]
      : [{ points: [point, point] }, { points: [point], box: { x1: 0, y1: 0, x2: 2, y2: 2 } }];
    for (const prompt of prompts) expect(candidates(Float32Array.from(ious), prompt)).toEqual({ tokens, best });
  },
);

interface Feeds {
  width: number;
  height: number;
  input_size: number;
  points: [number, number, 0 | 1][];
  box: [number, number, number, number] | null;
  mask: boolean;
  point_coords: [number, number][];
  point_labels: number[];
  mask_input: number[];
  has_mask_input: number;
}

test.each<Feeds>(golden("feeds").cases)("the tensors of $points and $box on $width × $height", (it) => {
  const grid = gridSize(it.input_size);
  const [x1, y1, x2, y2] = it.box ?? [0, 0, 0, 0];
  const prompt = {
    points: it.points.map(([x, y, label]) => ({ x, y, label })),
    box: it.box && { x1, y1, x2, y2 },
    mask: it.mask ? { size: grid, logits: new Float32Array(grid ** 2).fill(7) } : null,
  };
  const feeds = promptFeeds(prompt, letterbox(it.width, it.height, it.input_size), grid);
  expect([...feeds.point_coords.data]).toEqual(it.point_coords.flat());
  expect(feeds.point_coords.dims).toEqual([1, it.point_coords.length, 2]);
  expect([...feeds.point_labels.data]).toEqual(it.point_labels);
  expect(feeds.mask_input.dims).toEqual(it.mask_input);
  expect(new Set(feeds.mask_input.data)).toEqual(new Set([it.mask ? 7 : 0]));
  expect([...feeds.has_mask_input.data]).toEqual([it.has_mask_input]);
});

test("the tensors of several lone points", () => {
  const cases: Feeds[] = golden("feeds").lone_points;
  const { width, height, input_size: inputSize } = cases[0]!;
  const taps = cases.map(({ points }) => ({ x: points[0]![0], y: points[0]![1] }));
  const feeds = lonePointFeeds(taps, letterbox(width, height, inputSize), gridSize(inputSize));
  expect([...feeds.point_coords.data]).toEqual(cases.flatMap((it) => it.point_coords.flat()));
  expect(feeds.point_coords.dims).toEqual([cases.length, 2, 2]);
  expect([...feeds.point_labels.data]).toEqual(cases.flatMap((it) => it.point_labels));
  expect(feeds.mask_input.dims).toEqual(cases[0]!.mask_input);
  expect([...feeds.has_mask_input.data]).toEqual([0]);
});

describe("automatic masks", () => {
  interface Blob {
    x: number;
    y: number;
    radius: number;
    steepness: number;
    iou: number;
  }
  interface Found {
    tap: number;
    token: number;
    predicted_iou: number;
    stability: number;
    box: [number, number, number, number];
  }
  interface Case {
    bars: [number, number][];
    enough: number;
    overlap: number;
    bar: [number, number];
    kept: [number, number][];
  }
  const made = golden("everything");
  const found: Found[] = made.found;
  const photo = { width: made.width, height: made.height };
  const { newWidth, newHeight } = letterbox(photo.width, photo.height, made.input_size);
  const side = gridSize(made.input_size);
  const cells = { stride: side, columns: cellsWithin(newWidth), rows: cellsWithin(newHeight) };
  const bar = ([predIouThresh, stabilityScoreThresh]: [number, number]): Bar => ({
    predIouThresh,
    stabilityScoreThresh,
  });

  const logits = ({ x, y, radius, steepness }: Blob): number[] =>
    Array.from(
      { length: side ** 2 },
      (_, i) => steepness * (radius ** 2 - ((i % side) - x) ** 2 - (Math.floor(i / side) - y) ** 2),
    );

  /** Everything that is no empty mask. */
  const spotted = (made.answers as Blob[][]).flatMap((masks, tap): Spotted[] =>
    judge(
      tap,
      Float32Array.from(masks, ({ iou }) => iou),
      Float32Array.from(masks.flatMap(logits)),
      cells,
      0,
      {
        ...everythingDefaults,
        predIouThresh: -9,
        stabilityScoreThresh: 0,
      },
    ),
  );

  test("begin with the same taps, and see the same cells", () => {
    expect([cells.columns, cells.rows]).toEqual(made.cells);
    startPlaces(made.points_per_side, 9).forEach((place, i) => {
      const { x, y } = placePoint(place, made.points_per_side, photo);
      expect(x).toBeCloseTo(made.taps[i][0], 9);
      expect(y).toBeCloseTo(made.taps[i][1], 9);
    });
  });

  test("have the same stability and the same boxes", () => {
    expect(spotted.map(({ tap, token }) => [tap, token])).toEqual(found.map(({ tap, token }) => [tap, token]));
    spotted.forEach(({ stability, predictedIou, box }, i) => {
      expect(stability).toBeCloseTo(found[i]!.stability, 9);
      expect(predictedIou).toBeCloseTo(found[i]!.predicted_iou, 6);
      [box.x1, box.y1, box.x2, box.y2].forEach((edge, k) => expect(edge).toBeCloseTo(found[i]!.box[k]!, 5));
    });
  });

  test("are lowered by the same steps", () => {
    expect(ladder).toEqual(made.ladder.map(bar));
  });

  test.each<Case>(made.cases)(
    "at $bars, until there are $enough, without overlaps above $overlap: the same are kept",
    (it) => {
      const { kept, bar: used } = select(spotted, it.bars.map(bar), it.enough, it.overlap);
      expect(kept.map(({ tap, token }) => [tap, token])).toEqual(it.kept);
      expect(used).toEqual(bar(it.bar));
    },
  );
});

describe("where to tap", () => {
  const { side, start, further } = golden("places");

  test.each<{ side: number; most: number; places: number[] }>(start)(
    "first, of $side × $side at most $most",
    ({ side: along, most, places }) => expect(startPlaces(along, most)).toEqual(places),
  );

  test.each<{ masks: string[][]; tapped: number[]; most: number; further: number[] }>(further)(
    "next, at most $most",
    ({ masks, tapped, most, further: expected }) => {
      const held = masks.map((mask) => Uint8Array.from(mask.join(""), (place) => Number(place === "#")));
      expect(furtherPlaces(held, tapped, side, most)).toEqual(expected);
    },
  );
});
