import { describe, expect, it } from "vitest";
import { blur, boxMean } from "../../src/postprocess/blur";
import { guidedLines } from "../../src/postprocess/guided";

describe("boxMean", () => {
  it("is the mean of what lies in the window", () => {
    const size = { width: 7, height: 5 };
    const values = Float32Array.from({ length: 35 }, (_, i) => (i * 37) % 11);
    const means = boxMean(values, size, 2);
    for (let y = 0; y < 5; y++)
      for (let x = 0; x < 7; x++) {
        const near = [...values].filter((_, i) => Math.abs((i % 7) - x) <= 2 && Math.abs(Math.floor(i / 7) - y) <= 2);
        expect(means[y * 7 + x]).toBeCloseTo(near.reduce((a, b) => a + b, 0) / near.length, 4);
      }
  });

  it("stands windows larger than the grid", () => {
    expect([...boxMean(Float32Array.of(1, 2, 3, 6), { width: 2, height: 2 }, 9)]).toEqual([3, 3, 3, 3]);
  });
});

describe("blur", () => {
  it.each([0.8, 1.5, 4])("spreads a dot by sigma %d", (sigma) => {
    const size = { width: 81, height: 1 };
    const values = new Float32Array(81);
    values[40] = 1;
    const out = blur(values, size, sigma);
    const sum = out.reduce((a, b) => a + b, 0);
    const variance = out.reduce((a, b, i) => a + b * (i - 40) ** 2, 0) / sum;
    expect(sum).toBeCloseTo(1, 3);
    expect(Math.abs(Math.sqrt(variance) - sigma)).toBeLessThan(0.25);
  });
});

describe("guidedLines", () => {
  const size = { width: 40, height: 20 };
  const fill = (value: (x: number) => number) => Float32Array.from({ length: 800 }, (_, i) => value(i % 40));
  const read = (mask: Float32Array, light: Float32Array) => {
    const { slope, offset } = guidedLines(mask, light, size, 10, 1e-4);
    return mask.map((_, i) => slope[i]! * light[i]! + offset[i]!);
  };

  it("turns the mask where the photo turns", () => {
    const light = fill((x) => (x < 20 ? 0.2 : 0.8));
    const mask = fill((x) => (x < 23 ? 0 : 1));
    const out = read(mask, light).map((value) => (value > 0.5 ? 1 : 0));
    expect([...out.subarray(400, 440)]).toEqual(Array.from({ length: 40 }, (_, x) => (x < 20 ? 0 : 1)));
  });

  it("leaves a mask alone where the photo is flat, but for its softness", () => {
    const mask = fill((x) => (x < 23 ? 0 : 1));
    const out = read(
      mask,
      fill(() => 0.5),
    );
    expect(out[400 + 22]).toBeLessThan(0.5);
    expect(out[400 + 23]).toBeGreaterThan(0.5);
  });
});
