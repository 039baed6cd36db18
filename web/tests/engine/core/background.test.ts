import { describe, expect, test } from "vitest";
import { backgroundOf, isOpaque, layOn } from "../../../src/engine/core/background";

const pixels = (...values: number[][]) => Uint8ClampedArray.from(values.flat());

describe("a picture that is transparent in places", () => {
  test("is laid on what it stands out from", () => {
    expect(backgroundOf([pixels([0, 0, 0, 255], [0, 0, 0, 0])])).toBe(255);
    expect(backgroundOf([pixels([250, 240, 255, 255], [0, 0, 0, 0])])).toBe(0);
    // What is hidden does not count, and what is half hidden half.
    expect(backgroundOf([pixels([255, 255, 255, 0], [0, 0, 0, 10])])).toBe(255);
    expect(backgroundOf([pixels([255, 255, 255, 100]), pixels([0, 0, 0, 50])])).toBe(0);
    expect(backgroundOf([pixels([9, 9, 9, 0])])).toBeNull();
  });

  test("shows the background as far as it is transparent", () => {
    expect([...layOn(pixels([10, 20, 30, 0], [10, 20, 30, 255], [100, 0, 255, 51]), 255)]).toEqual([
      255, 255, 255, 255, 10, 20, 30, 255, 224, 204, 255, 255,
    ]);
    expect([...layOn(pixels([100, 0, 255, 51]), 0)]).toEqual([20, 0, 51, 255]);
  });

  test("is told from an opaque one", () => {
    expect([isOpaque(pixels([0, 0, 0, 255])), isOpaque(pixels([0, 0, 0, 255], [0, 0, 0, 254]))]).toEqual([true, false]);
  });
});
