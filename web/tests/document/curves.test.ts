import { describe, expect, it } from "vitest";
import { lassoBox, lassoMask, lassoPoints, scribblePoints } from "../../src/document/curves";
import { sampleMask } from "../../src/engine/core/mask";
import { area } from "../support";

const photo = { width: 400, height: 300 };
const ring = Array.from({ length: 40 }, (_, i) => ({
  x: 200 + 80 * Math.cos(i / 6.366),
  y: 150 + 60 * Math.sin(i / 6.366),
}));

describe("a scribble", () => {
  it("becomes points at equal distances, both ends among them", () => {
    const points = scribblePoints(
      [
        { x: 10.5, y: 10.5 },
        { x: 110.5, y: 10.5 },
        { x: 110.5, y: 110.5 },
      ],
      0,
      photo,
      20,
    );
    expect(points).toEqual([
      { x: 10, y: 10, label: 0 },
      { x: 60, y: 10, label: 0 },
      { x: 110, y: 10, label: 0 },
      { x: 110, y: 60, label: 0 },
      { x: 110, y: 110, label: 0 },
    ]);
  });

  it("becomes one point in its middle when it is short, and stays in the photo", () => {
    expect(
      scribblePoints(
        [
          { x: 10, y: 10 },
          { x: 14, y: 10 },
        ],
        1,
        photo,
        20,
      ),
    ).toEqual([{ x: 12, y: 10, label: 1 }]);
    for (const { x, y } of scribblePoints(
      [
        { x: -50, y: -50 },
        { x: 900, y: 900 },
      ],
      1,
      photo,
      20,
    )) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThan(300);
    }
  });
});

describe("a lasso", () => {
  it("has the box around it", () => {
    expect(lassoBox(ring, photo)).toEqual({ x1: 120, y1: 90, x2: 280, y2: 209 });
    expect(lassoBox(ring.slice(0, 2), photo)).toBeNull();
    expect(
      lassoBox(
        [
          { x: 1, y: 1 },
          { x: 1.2, y: 1 },
          { x: 1, y: 1.3 },
        ],
        photo,
      ),
    ).toBeNull();
  });

  it("has points inside, the first in its middle, the others apart", () => {
    const [first, second, third] = lassoPoints(ring, 1, photo, 3);
    expect(Math.hypot(first!.x - 200, first!.y - 150)).toBeLessThan(25);
    for (const { x, y } of [first!, second!, third!])
      expect(((x - 200) / 80) ** 2 + ((y - 150) / 60) ** 2).toBeLessThan(0.9);
    expect(Math.hypot(second!.x - third!.x, second!.y - third!.y)).toBeGreaterThan(30);
  });

  it("finds the inside of a crescent", () => {
    const crescent = [
      ...ring.slice(0, 30),
      ...ring
        .slice(0, 30)
        .toReversed()
        .map(({ x, y }) => ({ x: 200 + (x - 200) * 0.6, y: 150 + (y - 150) * 0.6 })),
    ];
    const [point] = lassoPoints(crescent, 1, photo, 1);
    expect(((point!.x - 200) / 80) ** 2 + ((point!.y - 150) / 60) ** 2).toBeGreaterThan(0.36);
  });

  it("is a mask prompt of its own inside", () => {
    const mask = sampleMask(lassoMask(ring, photo, 320), photo, 320);
    expect(area(mask) / (Math.PI * 80 * 60)).toBeCloseTo(1, 1);
    expect(mask[150 * 400 + 200]).toBe(1);
  });
});
