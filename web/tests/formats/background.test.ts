import { describe, expect, it } from "vitest";
import { blend, blurredBackground, cover, readBackground, rgbOf } from "../../src/formats/background";

const size = { width: 40, height: 30 };
const count = size.width * size.height;
const grey = (i: number): number => (i % size.width < 20 ? 40 : 200);
const photo = Uint8ClampedArray.from({ length: count * 4 }, (_, i) => (i % 4 === 3 ? 255 : grey(i >> 2)));
const nothing = new Uint8Array(count);

describe("blurredBackground", () => {
  it("makes an edge soft and leaves plain parts as they are", () => {
    const { rgb } = blurredBackground(photo, nothing, size, 3);
    expect(rgb[0]).toBeCloseTo(40, 3);
    expect(rgb[3 * 39]).toBeCloseTo(200, 3);
    expect(rgb[3 * 20]).toBeGreaterThan(90);
    expect(rgb[3 * 20]).toBeLessThan(150);
  });

  it("keeps the object's colours out", () => {
    // The right half is the object: nothing of it may shine into the left one.
    const alpha = Uint8Array.from(nothing, (_, i) => (grey(i) === 200 ? 255 : 0));
    const { rgb } = blurredBackground(photo, alpha, size, 4);
    expect(rgb[3 * 19]).toBeCloseTo(40, 2);
  });

  it("reads the same whatever the bands", () => {
    const background = blurredBackground(photo, nothing, size, 2);
    const whole = readBackground(background, { width: 90, height: 70 }, { x: 0, y: 0, width: 90, height: 70 });
    const part = readBackground(background, { width: 90, height: 70 }, { x: 10, y: 33, width: 50, height: 4 });
    expect(part.subarray(0, 200)).toEqual(whole.subarray((33 * 90 + 10) * 4, (33 * 90 + 60) * 4));
  });
});

describe("blend", () => {
  it("gives opaque pixels between photo and background", () => {
    const rgba = Uint8ClampedArray.of(100, 100, 100, 255, 100, 100, 100, 255, 100, 100, 100, 255);
    blend(rgba, Uint8Array.of(255, 0, 51), (_, channel) => rgbOf("#ff0080")[channel]!);
    expect([...rgba]).toEqual([100, 100, 100, 255, 255, 0, 128, 255, 224, 20, 122, 255]);
  });
});

describe("cover", () => {
  it("fills the rectangle, with the middle in the middle", () => {
    expect(cover({ width: 100, height: 50 }, { width: 40, height: 40 })).toEqual({
      x: -20,
      y: 0,
      width: 80,
      height: 40,
    });
    expect(cover({ width: 10, height: 40 }, { width: 40, height: 40 })).toEqual({
      x: 0,
      y: -60,
      width: 40,
      height: 160,
    });
  });
});
