/** The rules of the automatic masks, one by one. `test_everything.py` in tests/e2e holds the whole against Python. */
import { describe, expect, test } from "vitest";
import {
  boxIou,
  everythingDefaults,
  judge,
  ladder,
  maskBox,
  select,
  stabilityScore,
  suppress,
  type Grid,
  type Spotted,
} from "../../../src/engine/core/everything";
import { cellsWithin } from "../../../src/engine/core/grid";

/** A cone of height 1 at a slope of 1 per cell. */
function cone(x: number, y: number, radius: number, size = 16): Grid {
  const logits = Float32Array.from(
    { length: size * size },
    (_, i) => radius - Math.hypot((i % size) + 0.5 - x, Math.floor(i / size) + 0.5 - y),
  );
  return { logits, stride: size, columns: size, rows: size };
}
const spotted = (tap: number, predictedIou: number, x1: number, width = 10, stability = 1): Spotted => ({
  tap,
  token: 1,
  predictedIou,
  stability,
  box: { x1, y1: 0, x2: x1 + width, y2: 10 },
  held: new Uint8Array(),
});

describe("the grid", () => {
  test("looks only at cells whose centre shows the photo", () => {
    expect([1, 2, 3, 4, 6, 7, 256].map(cellsWithin)).toEqual([1, 1, 1, 1, 1, 2, 64]);
  });
});

describe("stability", () => {
  test("is the IoU of the masks above and below the threshold", () => {
    const grid = { logits: Float32Array.of(2, 0.5, -0.5, -2), stride: 4, columns: 4, rows: 1 };
    expect(stabilityScore(grid, 0, 1)).toBeCloseTo(1 / 3);
    expect(stabilityScore(grid, 1, 1)).toBe(0);
    expect(stabilityScore({ ...grid, columns: 2 }, 0, 1)).toBe(0.5);
  });

  test("of nothing is no number, which no threshold lets pass", () => {
    expect(stabilityScore({ logits: new Float32Array(4).fill(-9), stride: 4, columns: 4, rows: 1 }, 0, 1)).toBeNaN();
  });
});

describe("boxes", () => {
  test("end where the logits cross the threshold, between the cells", () => {
    const box = maskBox(cone(8, 8, 4.2), 0)!;
    for (const [side, edge] of Object.entries({ x1: 3.8, y1: 3.8, x2: 12.2, y2: 12.2 }))
      expect(Math.abs(box[side as "x1"] - edge)).toBeLessThan(0.1);
  });

  test("follow the threshold, and know empty masks", () => {
    expect(maskBox(cone(8, 8, 4), 2)!.x1).toBeGreaterThan(5.5);
    expect(maskBox(cone(8, 8, 4), 5)).toBeNull();
  });

  test("at the photo's edge end there", () => {
    expect(maskBox(cone(0, 15, 5), 0)).toMatchObject({ x1: 0, y2: 16 });
    expect(maskBox({ ...cone(8, 8, 5), rows: 8 }, 0)!.y2).toBe(8);
  });

  test("overlap by their areas", () => {
    expect(boxIou({ x1: 0, y1: 0, x2: 2, y2: 1 }, { x1: 1, y1: 0, x2: 3, y2: 1 })).toBeCloseTo(1 / 3);
    expect(boxIou({ x1: 0, y1: 0, x2: 2, y2: 1 }, { x1: 5, y1: 5, x2: 6, y2: 6 })).toBe(0);
  });
});

describe("of duplicates", () => {
  test("the best predicted is kept, and what only touches it", () => {
    const kept = suppress([spotted(0, 0.5, 0), spotted(1, 0.9, 1), spotted(2, 0.7, 30)], 0.7);
    expect(kept.map(({ tap }) => tap)).toEqual([1, 2]);
  });

  test("one that only a dropped one overlaps stays", () => {
    // 0 drops 1; 2 overlaps 1 and not 0.
    const kept = suppress([spotted(0, 0.9, 0), spotted(1, 0.8, 1.6), spotted(2, 0.7, 3.2)], 0.7);
    expect(kept.map(({ tap }) => tap)).toEqual([0, 2]);
  });
});

describe("thresholds", () => {
  const flat = (...levels: number[]) => Float32Array.from(levels.flatMap((level) => [level, level, -9, -9]));
  const cells = { stride: 2, columns: 2, rows: 2 };

  test("are judged for tokens 1 to 3, and for the only one of a decoder with one", () => {
    const ious = Float32Array.of(0.99, 0.95, 0.5, 0.9);
    expect(
      judge(7, ious, flat(9, 9, 9, 9), cells, 0, everythingDefaults).map(({ tap, token }) => [tap, token]),
    ).toEqual([
      [7, 1],
      [7, 3],
    ]);
    expect(judge(7, ious, flat(9, 0.5, 9, 9), cells, 0, everythingDefaults).map(({ token }) => token)).toEqual([3]);
    expect(judge(7, Float32Array.of(0.99), flat(9), cells, 0, everythingDefaults).map(({ token }) => token)).toEqual([
      0,
    ]);
  });

  test("are lowered step by step until there is enough, and no further", () => {
    const weak = [
      spotted(0, 0.95, 0, 10, 0.96),
      spotted(1, 0.65, 20, 10, 0.8),
      spotted(2, 0.45, 40, 10, 0.6),
      spotted(3, 0.36, 60, 10, 0.6),
    ];
    expect(select(weak, ladder, 1, 0.7)).toMatchObject({ kept: [{ tap: 0 }], bar: ladder[0] });
    expect(select(weak, ladder, 2, 0.7)).toMatchObject({ kept: [{ tap: 0 }, { tap: 1 }], bar: { predIouThresh: 0.6 } });
    expect(select(weak, ladder, 9, 0.7)).toMatchObject({
      kept: [{ tap: 0 }, { tap: 1 }, { tap: 2 }, { tap: 3 }],
      bar: ladder.at(-1),
    });
    expect(ladder[0]).toMatchObject({
      predIouThresh: everythingDefaults.predIouThresh,
      stabilityScoreThresh: everythingDefaults.stabilityScoreThresh,
    });
  });
});
