import { describe, expect, it } from "vitest";
import { cutOut } from "../../src/engine/core/cutout";
import { letterbox, type Rect } from "../../src/engine/core/geometry";
import { blend } from "../../src/formats/background";
import { cutOf, type FramedShape, type Picture } from "../../src/postprocess/cut";
import { brightness, defaultPostprocessing, guideSize, type Postprocessing } from "../../src/postprocess/postprocess";
import { coverOf, joinCovers } from "../../src/postprocess/shape";
import { noStrokes, type Stroke } from "../../src/postprocess/strokes";

const photo = { width: 600, height: 400 };
const inputSize = 320;
const whole: Rect = { x: 0, y: 0, ...photo };
const red = [200, 30, 40] as const;
const green = [20, 190, 60] as const;

const clamped = (value: number) => Math.min(1, Math.max(0, value));
/** A disc whose edge goes from opaque to transparent over 16 pixels. */
const disc = (x: number, y: number) => clamped(0.5 + (110 - Math.hypot(x - 300, y - 200)) / 16);

/** What a camera sees of a red thing before a green background. */
function seen(opacity: (x: number, y: number) => number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(photo.width * photo.height * 4).fill(255);
  for (let y = 0, i = 0; y < photo.height; y++)
    for (let x = 0; x < photo.width; x++, i += 4)
      for (let c = 0; c < 3; c++) {
        const a = opacity(x + 0.5, y + 0.5);
        rgba[i + c] = a * red[c]! + (1 - a) * green[c]!;
      }
  return rgba;
}

function pictureOf(rgba: Uint8ClampedArray): Picture {
  expect(guideSize(photo)).toEqual(photo);
  const pixels = ({ x, y, width, height }: Rect) => {
    const out = new Uint8ClampedArray(width * height * 4);
    for (let row = 0; row < height; row++) {
      const from = ((y + row) * photo.width + x) * 4;
      out.set(rgba.subarray(from, from + width * 4), row * width * 4);
    }
    return out;
  };
  const plane = (c: number) => Float32Array.from({ length: rgba.length / 4 }, (_, i) => rgba[4 * i + c]! / 255);
  return {
    size: photo,
    guide: brightness(rgba),
    colours: () => [plane(0), plane(1), plane(2)],
    light: (rect) => brightness(pixels(rect)),
    pixels,
  };
}

/** The model's answer: a disc that is a little off. */
function shape(finish: Partial<Postprocessing> = {}, strokes: readonly Stroke[] = noStrokes, x = 303): FramedShape {
  const { scaleX, scaleY } = letterbox(photo.width, photo.height, inputSize);
  const logits = Float32Array.from(
    { length: 6400 },
    (_, i) =>
      (107 - Math.hypot(((i % 80) + 0.5) * (4 / scaleX) - x, (Math.floor(i / 80) + 0.5) * (4 / scaleY) - 201)) / 5,
  );
  return {
    mask: { logits, size: 80 },
    finish: { ...defaultPostprocessing, ...finish },
    strokes,
    seeds: [],
    inputSize,
    threshold: 0,
  };
}

function cut(shapes: readonly FramedShape[], rgba = seen(disc), part = whole) {
  const picture = pictureOf(rgba);
  const { take, bounds } = cutOf(shapes, picture);
  const pixels = picture.pixels(part);
  const alpha = take(part, pixels);
  return { alpha, pixels, bounds };
}

describe("a cut-out with soft edges", () => {
  it("has no halo of the old background on a new one", () => {
    const { alpha, pixels } = cut([shape()]);
    blend(pixels, alpha, () => 255);
    let worst = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      // Red on white: green and blue are alike, but for what red itself has of them.
      const most = pixels[i + 2]! + (red[1] - red[2]);
      worst = Math.max(worst, pixels[i + 1]! - Math.max(most, pixels[i + 2]!));
    }
    expect(worst).toBeLessThan(12);
    const before = seen(disc);
    blend(
      before,
      joinCovers([
        coverOf(shape(), { photo, inputSize, threshold: 0 }, pictureOf(before).guide, pictureOf(before).light),
      ]).read(whole),
      () => 255,
    );
    let halo = 0;
    for (let i = 0; i < before.length; i += 4) halo = Math.max(halo, before[i + 1]! - before[i + 2]!);
    expect(halo).toBeGreaterThan(40);
  });

  it("is as opaque as the object is", () => {
    const { alpha } = cut([shape()]);
    let [off, soft] = [0, 0];
    for (let y = 0, i = 0; y < photo.height; y++)
      for (let x = 0; x < photo.width; x++, i++) {
        const truth = disc(x + 0.5, y + 0.5);
        if (truth > 0 && truth < 1) soft++;
        off += Math.abs(alpha[i]! / 255 - truth);
      }
    expect(off / soft).toBeLessThan(0.08);
  });

  it("finds strands finer than the model's grid and the grid that answers are finished on", () => {
    const strands = (x: number, y: number) =>
      Math.max(disc(x, y), Math.floor(x / 2) % 3 === 0 && Math.abs(x - 300) < 40 && y > 78 && y < 200 ? 1 : 0);
    const { alpha } = cut([shape()], seen(strands));
    const row = alpha.subarray(84 * 600 + 282, 84 * 600 + 318);
    const on = row.filter((_, i) => Math.floor((282 + i) / 2) % 3 === 0);
    const between = row.filter((_, i) => Math.floor((282 + i) / 2) % 3 !== 0);
    const mean = (values: Uint8Array) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(on)).toBeGreaterThan(150);
    expect(mean(between)).toBeLessThan(45);
  });

  it("is the same piece by piece", () => {
    const all = cut([shape()]);
    const part = { x: 190, y: 70, width: 170, height: 90 };
    const piece = cut([shape()], seen(disc), part);
    for (let y = 0; y < part.height; y++) {
      const from = (part.y + y) * photo.width + part.x;
      expect(piece.alpha.subarray(y * part.width, (y + 1) * part.width)).toEqual(
        all.alpha.subarray(from, from + part.width),
      );
      expect(piece.pixels.subarray(y * part.width * 4, (y + 1) * part.width * 4)).toEqual(
        all.pixels.subarray(from * 4, (from + part.width) * 4),
      );
    }
  });

  it("leaves the object's inside alone, and holds all of it in its bounds", () => {
    const rgba = seen(disc);
    const { alpha, pixels, bounds } = cut([shape()], rgba);
    expect(alpha[200 * 600 + 300]).toBe(255);
    const changed = [...alpha.keys()].filter(
      (i) => (alpha[i] === 255 || alpha[i] === 0) && [0, 1, 2].some((c) => pixels[4 * i + c] !== rgba[4 * i + c]),
    );
    expect(changed).toEqual([]);
    const rows = [...alpha.keys()].filter((i) => alpha[i]).map((i) => Math.floor(i / 600));
    expect([bounds!.y, bounds!.y + bounds!.height - 1]).toEqual([rows[0], rows.at(-1)]);
  });

  it("has a hard edge where it was painted or erased by hand, moved or feathered", () => {
    const strokes = [
      { points: [{ x: 500, y: 60 }], radius: 20, erase: false },
      { points: [{ x: 410, y: 200 }], radius: 25, erase: true },
    ];
    const { alpha } = cut([shape({}, strokes)]);
    for (const [x, y, value] of [
      [500, 60, 255],
      [515, 60, 255],
      [525, 60, 0],
      [410, 200, 0],
      [390, 200, 0],
    ] as const)
      expect(alpha[y * 600 + x]).toBe(value);
    for (const finish of [{ soft: false }, { grow: 6 }]) {
      const hard = cut([shape(finish)]).alpha;
      expect(hard.every((value) => value === 0 || value === 255)).toBe(true);
    }
  });

  it("has no seam where two objects meet", () => {
    const half = (side: 1 | -1): FramedShape => {
      const { mask, ...rest } = shape();
      const middle = (i: number) => (side * (((i % 80) + 0.5) * 7.5 - 300)) / 5;
      return { ...rest, mask: { size: 80, logits: mask.logits.map((logit, i) => Math.min(logit, middle(i))) } };
    };
    const { alpha } = cut([half(1), half(-1)]);
    for (let x = 280; x < 320; x++) expect(alpha[200 * 600 + x]).toBe(255);
  });

  it("of a transparent photo is not more opaque than the photo", () => {
    const rgba = seen(disc);
    for (let i = 3; i < rgba.length; i += 4) if ((i >> 2) % 600 < 300) rgba[i] = 0;
    const { alpha, pixels } = cut([shape()], rgba);
    cutOut(pixels, alpha);
    const shown = [...alpha.keys()].filter((i) => pixels[4 * i + 3]);
    expect(shown.filter((i) => i % 600 < 300)).toEqual([]);
    expect(shown.length).toBeGreaterThan(15_000);
  });
});
