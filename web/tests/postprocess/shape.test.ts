import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  defaultPostprocessing,
  postprocess,
  guideSize,
  noPostprocessing,
  readField,
  type Postprocessing,
} from "../../src/postprocess/postprocess";
import { letterbox, type Rect } from "../../src/engine/core/geometry";
import { contour, maskBounds, sampleMask, wholePhoto } from "../../src/engine/core/mask";
import { baseOf, outlineOf } from "../../src/postprocess/outline";
import type { LowResMask } from "../../src/engine/core/prompt";
import { coverOf, exactBounds, joinCovers, nothing, type Shape } from "../../src/postprocess/shape";
import { squaredDistance } from "../../src/postprocess/simplify";
import { noStrokes } from "../../src/postprocess/strokes";
import { area, goldenGrid } from "../support";

const inputSize = 320;
const photo = { width: 600, height: 400 };
const frame = { photo, inputSize, threshold: 0 };

/** Logits of a mask that is drawn in image pixels: `inside` is positive within. */
function grid(inside: (x: number, y: number) => number): LowResMask {
  const { scaleX, scaleY } = letterbox(photo.width, photo.height, inputSize);
  return {
    size: 80,
    logits: Float32Array.from({ length: 6400 }, (_, i) =>
      inside(((i % 80) + 0.5) * (4 / scaleX), (Math.floor(i / 80) + 0.5) * (4 / scaleY)),
    ),
  };
}

const disc = (x: number, y: number, r: number) => (px: number, py: number) => (r - Math.hypot(px - x, py - y)) / 5;
const union =
  (...parts: ((x: number, y: number) => number)[]) =>
  (x: number, y: number) =>
    Math.max(...parts.map((part) => part(x, y)));
const dark = (rect: Rect) => new Float32Array(rect.width * rect.height);
const shapeOf = (mask: LowResMask, finish: Postprocessing, more: Partial<Shape> = {}): Shape => ({
  mask,
  finish,
  strokes: noStrokes,
  seeds: [],
  ...more,
});
const whole = wholePhoto(photo).rect;
const read = (mask: LowResMask, finish: Partial<Postprocessing>, more: Partial<Shape> = {}) =>
  coverOf(shapeOf(mask, { ...noPostprocessing, ...finish }, more), frame, null, dark).read(whole);
const opaque = (alpha: Uint8Array) => alpha.reduce((sum, value) => sum + (value ? 1 : 0), 0);
const at = (alpha: Uint8Array, x: number, y: number) => alpha[y * photo.width + x];

describe("finish", () => {
  const specks = grid(union(disc(300, 200, 90), disc(60, 60, 14), disc(520, 330, 14)));
  const holes = grid((x, y) =>
    Math.min(disc(300, 200, 120)(x, y), -disc(260, 200, 12)(x, y), -disc(350, 200, 40)(x, y)),
  );

  it("is the model's answer, pixel for pixel, when it is raw", () => {
    const plain = sampleMask(goldenGrid(80), photo, inputSize);
    expect([...read(goldenGrid(80), {})].map((value) => (value ? 1 : 0))).toEqual([...plain]);
  });

  it("drops specks, except where somebody tapped one", () => {
    expect(at(read(specks, {}), 60, 60)).toBe(255);
    const clean = read(specks, { parts: "large" });
    expect([at(clean, 60, 60), at(clean, 520, 330), at(clean, 300, 200)]).toEqual([0, 0, 255]);
    const tapped = read(specks, { parts: "large" }, { seeds: [{ x: 60, y: 60 }] });
    expect([at(tapped, 60, 60), at(tapped, 520, 330), at(tapped, 300, 200)]).toEqual([255, 0, 255]);
  });

  it("keeps only the part that was tapped", () => {
    const tapped = read(specks, { parts: "tapped" }, { seeds: [{ x: 520, y: 330 }] });
    expect([at(tapped, 60, 60), at(tapped, 520, 330), at(tapped, 300, 200)]).toEqual([0, 255, 0]);
    expect(at(read(specks, { parts: "tapped" }), 300, 200)).toBe(255);
  });

  it("fills pin-holes, or all holes", () => {
    const small = read(holes, { holes: "small" });
    expect([at(small, 260, 200), at(small, 350, 200)]).toEqual([255, 0]);
    expect(at(read(holes, { holes: "fill" }), 350, 200)).toBe(255);
  });

  it.each([-12, -4, 6, 15])("moves the outline by %i pixels", (grow) => {
    const grown = read(grid(disc(300, 200, 90)), { grow });
    expect(Math.sqrt(opaque(grown) / Math.PI)).toBeCloseTo(90 + grow, -0.3);
  });

  it("evens out wobbles", () => {
    const wobbly = grid((x, y) => disc(300, 200, 100 + 8 * Math.sin(Math.atan2(y - 200, x - 300) * 14))(x, y));
    const off = (alpha: Uint8Array) =>
      alpha.reduce(
        (sum, value, i) =>
          sum +
          ((value ? 1 : 0) === (Math.hypot((i % 600) + 0.5 - 300, Math.floor(i / 600) + 0.5 - 200) < 100 ? 1 : 0)
            ? 0
            : 1),
        0,
      );
    expect(off(read(wobbly, { smooth: 20 }))).toBeLessThan(0.6 * off(read(wobbly, {})));
  });

  it("goes from transparent to opaque over the feather, and the edge stays where it was", () => {
    const mask = grid(disc(300, 200, 90));
    const [hard, soft] = [read(mask, {}), read(mask, { feather: 20 })];
    const row = soft.subarray(200 * 600 + 190, 200 * 600 + 232);
    const edge = row.filter((value) => value > 0 && value < 255).length;
    expect(edge).toBeGreaterThan(12);
    expect(edge).toBeLessThan(24);
    expect([...row]).toEqual([...row].toSorted((a, b) => a - b));
    expect(soft.filter((value) => value >= 128).length / opaque(hard)).toBeCloseTo(1, 1);
  });

  it("does not fade where the object leaves the photo", () => {
    const soft = read(
      grid((x) => (200 - x) / 5),
      { feather: 30 },
    );
    expect([at(soft, 0, 200), at(soft, 100, 0)]).toEqual([255, 255]);
  });

  it("follows the photo's edges, and is nearer to the truth", () => {
    const truth = (x: number, y: number) => Math.abs(x - 300) < 100 && Math.abs(y - 200) < 80;
    const light = ({ x, y, width, height }: Rect) =>
      Float32Array.from({ length: width * height }, (_, i) =>
        truth(x + (i % width) + 0.5, y + Math.floor(i / width) + 0.5) ? 0.75 : 0.25,
      );
    const size = guideSize(photo);
    expect(size).toEqual(photo);
    const wobbly = grid(
      (x, y) =>
        Math.min(106 + 5 * Math.sin(y / 9) - Math.abs(x - 300), 76 + 5 * Math.sin(x / 11) - Math.abs(y - 200)) / 5,
    );
    const iou = (mask: Uint8Array) => {
      let [both, either] = [0, 0];
      for (let i = 0; i < mask.length; i++) {
        const inside = truth((i % 600) + 0.5, Math.floor(i / 600) + 0.5);
        if (inside && mask[i]) both++;
        if (inside || mask[i]) either++;
      }
      return both / either;
    };
    const raw = iou(read(wobbly, {}));
    const finished = iou(coverOf(shapeOf(wobbly, defaultPostprocessing), frame, light(whole), light).read(whole));
    expect(raw).toBeLessThan(0.91);
    expect(finished).toBeGreaterThan(0.95);
  });

  it("of an empty mask is empty", () => {
    expect(postprocess({ ...frame, mask: nothing, seeds: [] }, defaultPostprocessing, null)).toBeNull();
    expect(coverOf(shapeOf(nothing, defaultPostprocessing), frame, null, dark).near).toBeNull();
  });
});

describe("cover", () => {
  const strokes = [
    {
      points: [
        { x: 500, y: 60 },
        { x: 560, y: 90 },
      ],
      radius: 12,
      erase: false,
    },
    { points: [{ x: 300, y: 200 }], radius: 20, erase: true },
  ];

  it("is the same piece by piece", () => {
    const finishes = fc.record({
      parts: fc.constantFrom("all", "large", "tapped"),
      holes: fc.constantFrom("keep", "small", "fill"),
      smooth: fc.integer({ min: 0, max: 12 }),
      edges: fc.boolean(),
      grow: fc.integer({ min: -8, max: 8 }),
      feather: fc.integer({ min: 0, max: 12 }),
    });
    const light = ({ x, y, width, height }: Rect) =>
      Float32Array.from(
        { length: width * height },
        (_, i) => (((x + (i % width)) * 7 + (y + Math.floor(i / width)) * 3) % 50) / 50,
      );
    fc.assert(
      fc.property(
        finishes as fc.Arbitrary<Postprocessing>,
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 0, max: 250 }),
        (finish, x, y) => {
          const cover = coverOf(shapeOf(goldenGrid(80), finish, { strokes }), frame, light(whole), light);
          const all = cover.read(whole);
          const part = { x, y, width: 150, height: 120 };
          const piece = cover.read(part);
          for (let row = 0; row < 120; row += 17)
            expect([...piece.subarray(row * 150, row * 150 + 150)]).toEqual([
              ...all.subarray((y + row) * 600 + x, (y + row) * 600 + x + 150),
            ]);
        },
      ),
      { numRuns: 6 },
    );
  });

  it("has the strokes on it, and exact bounds", () => {
    const shape = shapeOf(grid(disc(300, 200, 90)), noPostprocessing, { strokes });
    const cover = coverOf(shape, frame, null, dark);
    const alpha = cover.read(whole);
    expect([at(alpha, 530, 75), at(alpha, 300, 200), at(alpha, 340, 200)]).toEqual([255, 0, 255]);
    const hits = [...alpha.keys()].filter((i) => alpha[i]);
    const [xs, ys] = [hits.map((i) => i % 600), hits.map((i) => Math.floor(i / 600))];
    const [left, top] = [xs.reduce((a, b) => Math.min(a, b)), ys[0]!];
    expect(exactBounds(cover)).toEqual({
      x: left,
      y: top,
      width: xs.reduce((a, b) => Math.max(a, b)) - left + 1,
      height: ys.at(-1)! - top + 1,
    });
    expect(exactBounds(coverOf(shapeOf(goldenGrid(80), noPostprocessing), frame, null, dark))).toEqual(
      maskBounds(goldenGrid(80), photo, inputSize),
    );
  });

  it("of a shape that is painted only is what was painted", () => {
    const cover = coverOf(shapeOf(nothing, defaultPostprocessing, { strokes: strokes.slice(0, 1) }), frame, null, dark);
    expect(exactBounds(cover)).toEqual({ x: 488, y: 48, width: 84, height: 54 });
    const erased = coverOf(
      shapeOf(nothing, defaultPostprocessing, { strokes: [{ ...strokes[0]!, erase: true }] }),
      frame,
      null,
      dark,
    );
    expect(exactBounds(erased)).toBeNull();
  });

  it("of several shapes is the most opaque of each", () => {
    const covers = [grid(disc(150, 200, 60)), grid(disc(450, 200, 60))].map((mask) =>
      coverOf(shapeOf(mask, noPostprocessing), frame, null, dark),
    );
    const joined = joinCovers(covers);
    expect(opaque(joined.read(whole))).toBe(opaque(covers[0]!.read(whole)) + opaque(covers[1]!.read(whole)));
    const bounds = exactBounds(joined)!;
    expect([bounds.x, bounds.width]).toEqual([90, 420]);
  });
});

describe("outline", () => {
  /** Even-odd, by counting crossings. */
  const holds = (rings: readonly (readonly { x: number; y: number }[])[], px: number, py: number) =>
    rings.reduce(
      (inside, ring) =>
        ring.reduce(
          (so, a, i) =>
            a.y > py !== ring.at(i - 1)!.y > py &&
            px < ((ring.at(i - 1)!.x - a.x) * (py - a.y)) / (ring.at(i - 1)!.y - a.y) + a.x
              ? !so
              : so,
          inside,
        ),
      false,
    );

  it.each([
    ["finished", defaultPostprocessing, false],
    ["grown", { ...defaultPostprocessing, grow: 10 }, false],
    ["painted on", defaultPostprocessing, true],
    ["raw and painted on", noPostprocessing, true],
  ] as const)("goes around what is saved: %s", (_, finish, painted) => {
    const strokes = painted
      ? [
          {
            points: [
              { x: 420, y: 60 },
              { x: 560, y: 90 },
            ],
            radius: 12,
            erase: false,
          },
          { points: [{ x: 300, y: 200 }], radius: 20, erase: true },
        ]
      : noStrokes;
    const shape = shapeOf(grid(disc(300, 200, 90)), finish, { strokes });
    const light = ({ x, width, height }: Rect) =>
      Float32Array.from({ length: width * height }, (_, i) => (x + (i % width)) / 600);
    const rings = outlineOf(shape, frame, () => baseOf(shape, frame, light(whole)));
    const alpha = coverOf(shape, frame, light(whole), light).read(whole);
    let wrong = 0;
    let samples = 0;
    for (let y = 3; y < 400; y += 5)
      for (let x = 2; x < 600; x += 5, samples++) if (holds(rings, x + 0.5, y + 0.5) !== at(alpha, x, y)! > 0) wrong++;
    expect(wrong / samples).toBeLessThan(0.003);
  });

  it("has no more points than a line needs that looks the same", () => {
    const shape = shapeOf(grid(disc(300, 200, 90)), noPostprocessing);
    const traced = contour(shape.mask, photo, inputSize, 0).flat();
    const drawn = outlineOf(shape, frame, () => baseOf(shape, frame, dark(whole)));
    expect(drawn.flat().length).toBeLessThan(traced.length / 2);
    const farthest = Math.max(...drawn.flat().map(({ x, y }) => Math.abs(Math.hypot(x - 300, y - 200) - 90)));
    expect(farthest).toBeLessThan(0.5);
    const gaps = traced.map(({ x, y }) =>
      Math.min(...drawn.flatMap((ring) => ring.map((to, i) => squaredDistance(x, y, ring.at(i - 1)!, to)))),
    );
    expect(Math.sqrt(Math.max(...gaps))).toBeLessThan(0.061); // a ten-thousandth of 600 pixels
  });
});

it("finishes a 48-megapixel photo in bounded memory, reading its pixels only near the outline", () => {
  const huge = { width: 8000, height: 6000 };
  let pixels = 0;
  let largest = 0;
  const light = ({ width, height }: Rect) => {
    pixels += width * height;
    largest = Math.max(largest, width * height);
    return new Float32Array(width * height).fill(0.5);
  };
  const size = guideSize(huge);
  const field = postprocess(
    { mask: goldenGrid(80), photo: huge, inputSize, threshold: 0, seeds: [] },
    defaultPostprocessing,
    new Float32Array(size.width * size.height).fill(0.5),
  )!;
  let sum = 0;
  for (let y = 0; y < 6000; y += 250) sum += area(readField(field, { x: 0, y, width: 8000, height: 250 }, light));
  expect(sum / 48e6).toBeCloseTo(area(sampleMask(goldenGrid(80), { width: 800, height: 600 }, inputSize)) / 48e4, 1);
  expect(largest).toBeLessThanOrEqual(256 * 256);
  expect(pixels / 48e6).toBeLessThan(0.5);
});
