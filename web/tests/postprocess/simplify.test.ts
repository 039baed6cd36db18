import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simplify, simplifyRing } from "../../src/postprocess/simplify";
import { paintStrokes } from "../../src/postprocess/strokes";

describe("simplify", () => {
  it("keeps the ends, and every point near what is left", () => {
    const point = fc.record({ x: fc.integer({ min: 0, max: 50 }), y: fc.integer({ min: 0, max: 50 }) });
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 40 }), (points) => {
        const simple = simplify(points, 2);
        expect([simple[0], simple.at(-1)]).toEqual([points[0], points.at(-1)]);
        const mask = new Uint8Array(60 * 60);
        paintStrokes(mask, { x: 0, y: 0, width: 60, height: 60 }, [{ points: simple, radius: 3, erase: false }]);
        for (const { x, y } of points) expect(mask[y * 60 + x]).toBe(1);
      }),
    );
  });

  it("makes a straight way two points", () => {
    expect(
      simplify(
        Array.from({ length: 30 }, (_, x) => ({ x, y: 2 * x })),
        0.1,
      ),
    ).toHaveLength(2);
  });

  it("keeps the corners of a ring", () => {
    const square = [...Array.from({ length: 9 }, (_, x) => ({ x, y: 0.2 * (x % 2) })), { x: 8, y: 8 }, { x: 0, y: 8 }];
    expect(new Set(simplifyRing(square, 0.45).map(({ x, y }) => `${x},${y}`))).toEqual(
      new Set(["0,0", "8,0", "8,8", "0,8"]),
    );
  });
});
