/** The coordinate contract, against values made with numpy and Pillow (tests/golden/make_geometry.py). */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { letterbox, pixelIndex, pixelToModel } from "../../../src/engine/core/geometry";
import { contour, maskBounds, sampleLogits, sampleMask, wholePhoto } from "../../../src/engine/core/mask";
import { resizeInBands } from "../../../src/engine/core/resize";
import { selfTestPicture } from "../../../src/engine/core/selftest";
import { area, goldenGrid } from "../../support";

interface Case {
  width: number;
  height: number;
  input_size: number;
  new_width: number;
  new_height: number;
  points: { image: [number, number]; model: [number, number] }[];
  logits: { image: [number, number]; value: number }[];
  mask: { sha256: string; area: number; bounds: [number, number, number, number] };
  resized: { sha256: string; middle: number[] };
}
const golden = JSON.parse(readFileSync(new URL("../../../../tests/golden/geometry.json", import.meta.url), "utf8"));
const cases: Case[] = golden.cases;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function picture(width: number, height: number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        rgba[(y * width + x) * 4 + c] =
          (x * (3 + c) + y * 5 + ((Math.floor(x / 13) + Math.floor(y / 7)) % 2) * 90) % 256;
  return rgba;
}

describe.each(cases)("a photo of $width × $height in a frame of $input_size", (golden) => {
  const photo = { width: golden.width, height: golden.height };
  const size = golden.input_size;
  const box = letterbox(photo.width, photo.height, size);

  test("fits the frame and keeps its points", () => {
    expect([box.newWidth, box.newHeight]).toEqual([golden.new_width, golden.new_height]);
    for (const { image, model } of golden.points) {
      const point = pixelToModel(pixelIndex(image[0], image[1]), box);
      expect(point.x).toBeCloseTo(model[0], 9);
      expect(point.y).toBeCloseTo(model[1], 9);
    }
  });

  test("is resized as Pillow does it, to the last bit", () => {
    const rgb = resizeInBands(photo.width, photo.height, box.newWidth, box.newHeight, photo.height, () =>
      picture(photo.width, photo.height),
    );
    const middle = (Math.floor(box.newHeight / 2) * box.newWidth + Math.floor(box.newWidth / 2)) * 3;
    expect([...rgb.subarray(middle, middle + 3)]).toEqual(golden.resized.middle);
    expect(sha256(rgb)).toBe(golden.resized.sha256);
  });

  test("is resized the same in bands", () => {
    const rgba = picture(photo.width, photo.height);
    const read = (y: number, count: number) => rgba.subarray(y * photo.width * 4, (y + count) * photo.width * 4);
    expect(sha256(resizeInBands(photo.width, photo.height, box.newWidth, box.newHeight, 7, read))).toBe(
      golden.resized.sha256,
    );
  });

  test("gets the mask that Python computes", () => {
    const grid = goldenGrid(size / 4);
    const logits = sampleLogits(grid, photo, size);
    for (const { image, value } of golden.logits)
      expect(logits[image[1] * photo.width + image[0]]).toBeCloseTo(value, 1);
    const mask = sampleMask(grid, photo, size);
    expect(area(mask)).toBe(golden.mask.area);
    expect(sha256(mask)).toBe(golden.mask.sha256);
    const [x, y, width, height] = golden.mask.bounds;
    expect(maskBounds(grid, photo, size)).toEqual({ x, y, width, height });
  });

  test("gets outlines around the same area", () => {
    const rings = contour(goldenGrid(size / 4), photo, size);
    const shoelace = rings.map((ring) =>
      ring.reduce((sum, a, i) => {
        const b = ring[(i + 1) % ring.length]!;
        return sum + (a.x * b.y - b.x * a.y) / 2;
      }, 0),
    );
    const enclosed = Math.abs(shoelace.reduce((a, b) => a + b, 0));
    // A strip one pixel wide has an outline of cut corners only.
    if (Math.min(photo.width, photo.height) > 30) expect(enclosed / golden.mask.area).toBeCloseTo(1, 1);
    for (const point of rings.flat()) {
      expect(point.x).toBeGreaterThanOrEqual(0);
      expect(point.x).toBeLessThanOrEqual(wholePhoto(photo).rect.width);
      expect(point.y).toBeGreaterThanOrEqual(0);
      expect(point.y).toBeLessThanOrEqual(wholePhoto(photo).rect.height);
    }
  });
});

test.each<{ width: number; height: number; sha256: string }>(golden.self_test_pictures)(
  "self-test picture of $width × $height",
  (expected) => {
    expect(sha256(selfTestPicture(expected.width, expected.height))).toBe(expected.sha256);
  },
);
