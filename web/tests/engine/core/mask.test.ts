import fc from "fast-check";
import { expect, test } from "vitest";
import { bands, cropRgba, cutOut, maskPixels } from "../../../src/engine/core/cutout";
import { contour, maskBounds, sampleMask, wholePhoto } from "../../../src/engine/core/mask";
import { area, goldenGrid } from "../../support";

const photo = { width: 333, height: 500 };
const grid = goldenGrid(80);

test("bands of a photo, sampled one by one, are the whole mask", () => {
  const whole = sampleMask(grid, photo, 320);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60_000 }), (pixels) => {
      const parts = bands(wholePhoto(photo).rect, pixels).map((rect) =>
        sampleMask(grid, photo, 320, { rect, width: rect.width, height: rect.height }),
      );
      expect(Buffer.compare(Buffer.concat(parts), Buffer.from(whole))).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test("a small view of a photo shows the same mask as the photo itself", () => {
  const whole = sampleMask(grid, photo, 320);
  const rect = { x: 30, y: 60, width: 200, height: 240 };
  const view = sampleMask(grid, photo, 320, { rect, width: 100, height: 120 });
  let same = 0;
  for (let y = 0; y < 120; y++)
    for (let x = 0; x < 100; x++) if (view[y * 100 + x] === whole[(60 + 2 * y) * 333 + 30 + 2 * x]) same++;
  expect(same / view.length).toBeGreaterThan(0.98);
});

test("bounds are those of the mask's pixels, wherever it lies", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 90 }),
      fc.float({ min: -60, max: 60, noNaN: true }),
      (width, height, threshold) => {
        const size = { width, height };
        const mask = sampleMask(grid, size, 320, undefined, threshold);
        const hits = [...mask.keys()].filter((i) => mask[i]);
        const [xs, ys] = [hits.map((i) => i % width), hits.map((i) => Math.floor(i / width))];
        const expected = hits.length
          ? {
              x: Math.min(...xs),
              y: Math.min(...ys),
              width: Math.max(...xs) - Math.min(...xs) + 1,
              height: Math.max(...ys) - Math.min(...ys) + 1,
            }
          : null;
        expect(maskBounds(grid, size, 320, threshold)).toEqual(expected);
      },
    ),
  );
});

test("an empty mask has no bounds and no outline, a full one is outlined by the photo's border", () => {
  const filled = (value: number) => ({ logits: new Float32Array(80 * 80).fill(value), size: 80 });
  expect(maskBounds(filled(-3), photo, 320)).toBeNull();
  expect(contour(filled(-3), photo, 320)).toEqual([]);
  expect(maskBounds(filled(3), photo, 320)).toEqual({ x: 0, y: 0, width: 333, height: 500 });
  const [ring] = contour(filled(3), photo, 320);
  expect(Math.max(...ring!.map((point) => point.x))).toBeCloseTo(333, 5);
  expect(Math.max(...ring!.map((point) => point.y))).toBeCloseTo(500, 5);
});

test("logits of the padding do not reach into the photo's outline", () => {
  // A landscape photo fills the upper half of the frame; below it everything is "object".
  const logits = new Float32Array(80 * 80).fill(5).fill(-5, 0, 80 * 41);
  expect(contour({ logits, size: 80 }, { width: 640, height: 320 }, 320)).toEqual([]);
});

test("a 48-megapixel photo is sampled band by band in bounded memory and time", () => {
  const huge = { width: 8000, height: 6000 };
  let sum = 0;
  for (const rect of bands(wholePhoto(huge).rect)) {
    expect(rect.width * rect.height).toBeLessThanOrEqual(4_000_000);
    sum += area(sampleMask(grid, huge, 320, { rect, width: rect.width, height: rect.height }));
  }
  expect(sum / (8000 * 6000)).toBeCloseTo(area(sampleMask(grid, { width: 800, height: 600 }, 320)) / (800 * 600), 3);
  const bounds = maskBounds(grid, huge, 320)!;
  expect(bounds.x).toBe(0);
  expect(bounds.width).toBeGreaterThan(4000);
});

test("a cut-out keeps the object's pixels and nothing of the rest, not even its colour", () => {
  const rgba = Uint8ClampedArray.from([10, 20, 30, 255, 40, 50, 60, 255, 70, 80, 90, 128]);
  cutOut(rgba, Uint8Array.of(255, 0, 128));
  expect([...rgba]).toEqual([10, 20, 30, 255, 0, 0, 0, 0, 70, 80, 90, 64]);
  expect(() => cutOut(rgba, Uint8Array.of(1))).toThrow(RangeError);
});

test("a mask picture is white on black, and opaque", () => {
  expect([...maskPixels(Uint8Array.of(0, 1))]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
});

test("cropping takes the pixels inside the rectangle", () => {
  const rgba = Uint8ClampedArray.from({ length: 4 * 3 * 4 }, (_, i) => Math.floor(i / 4));
  const cropped = cropRgba(rgba, { width: 4, height: 3 }, { x: 1, y: 1, width: 2, height: 2 });
  expect([...cropped].filter((_, i) => i % 4 === 0)).toEqual([5, 6, 9, 10]);
});
