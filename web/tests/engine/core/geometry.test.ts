import fc from "fast-check";
import { expect, test } from "vitest";
import {
  boxFrom,
  fitView,
  imagePoint,
  imageToView,
  letterbox,
  modelToPixel,
  pixelIndex,
  pixelToModel,
  toPixel,
  viewPoint,
  viewToImage,
  zoomTo,
} from "../../../src/engine/core/geometry";

const side = fc.integer({ min: 1, max: 9000 });
const inputSize = fc.constantFrom(256, 320, 512, 1024);
const place = fc.record({
  x: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
  y: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
});
const view = fc.record({
  scale: fc.double({ min: 0.01, max: 60, noNaN: true }),
  x: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
  y: fc.double({ min: -1e4, max: 1e4, noNaN: true }),
});
const close = (a: { x: number; y: number }, b: { x: number; y: number }) => {
  expect(a.x).toBeCloseTo(b.x, 5);
  expect(a.y).toBeCloseTo(b.y, 5);
};

test("a photo's longer side fills the model frame, and no side is empty", () => {
  fc.assert(
    fc.property(side, side, inputSize, (width, height, size) => {
      const { newWidth, newHeight } = letterbox(width, height, size);
      expect(Math.max(newWidth, newHeight)).toBe(size);
      expect(Math.min(newWidth, newHeight)).toBeGreaterThanOrEqual(1);
    }),
  );
});

test("turning a photo on its side turns its letterbox", () => {
  fc.assert(
    fc.property(side, side, inputSize, (width, height, size) => {
      const upright = letterbox(width, height, size);
      const turned = letterbox(height, width, size);
      expect([turned.newWidth, turned.newHeight]).toEqual([upright.newHeight, upright.newWidth]);
    }),
  );
});

test("points find their way back from the model frame and from the view", () => {
  fc.assert(
    fc.property(side, side, inputSize, view, place, (width, height, size, view, point) => {
      const box = letterbox(width, height, size);
      close(modelToPixel(pixelToModel(pixelIndex(point.x, point.y), box), box), point);
      close(viewToImage(imageToView(imagePoint(point.x, point.y), view), view), point);
    }),
  );
});

test("zooming keeps what lies under the pointer", () => {
  fc.assert(
    fc.property(view, place, fc.double({ min: 0.1, max: 10, noNaN: true }), (view, at, factor) => {
      const anchor = viewPoint(at.x, at.y);
      const zoomed = zoomTo(view, anchor, view.scale * factor);
      close(imageToView(viewToImage(anchor, view), zoomed), anchor);
    }),
  );
});

test("a photo that is fitted lies inside the stage, in the middle", () => {
  fc.assert(
    fc.property(
      side,
      side,
      fc.integer({ min: 50, max: 4000 }),
      fc.integer({ min: 50, max: 4000 }),
      (width, height, w, h) => {
        const { scale, x, y } = fitView({ width, height }, { width: w, height: h });
        expect(x).toBeGreaterThanOrEqual(-1e-6);
        expect(y).toBeGreaterThanOrEqual(-1e-6);
        expect(x * 2 + width * scale).toBeCloseTo(w, 5);
        expect(y * 2 + height * scale).toBeCloseTo(h, 5);
      },
    ),
  );
});

test("a tap anywhere inside a pixel is that pixel, and a tap beside the photo its nearest one", () => {
  const photo = { width: 20, height: 10 };
  expect(toPixel(imagePoint(10, 3), photo)).toEqual({ x: 10, y: 3 });
  expect(toPixel(imagePoint(10.98, 3.5), photo)).toEqual({ x: 10, y: 3 });
  // 10 × 0.1 + 7.3 − 7.3, all in floats, is a little less than 1.
  expect(toPixel(viewToImage(viewPoint(0.1 * 3 + 0.7, 0), { scale: 0.1, x: 0.7, y: 0 }), photo).x).toBe(3);
  expect(toPixel(imagePoint(-4, 99), photo)).toEqual({ x: 0, y: 9 });
});

test("a box drawn from any corner to the opposite one is the same box", () => {
  const box = { x1: 1, y1: 2, x2: 30, y2: 40 };
  for (const [a, b] of [
    [
      [1, 2],
      [30, 40],
    ],
    [
      [30, 2],
      [1, 40],
    ],
    [
      [1, 40],
      [30, 2],
    ],
    [
      [30, 40],
      [1, 2],
    ],
  ] as const)
    expect(boxFrom(pixelIndex(a[0], a[1]), pixelIndex(b[0], b[1]))).toEqual(box);
});
