import { describe, expect, it } from "vitest";
import { paintStrokes, strokeField, strokesBounds, type Stroke } from "../../src/postprocess/strokes";
import { area } from "../support";

const photo = { width: 60, height: 40 };
const whole = { x: 0, y: 0, ...photo };
const line: Stroke = {
  points: [
    { x: 10, y: 20 },
    { x: 40, y: 20 },
  ],
  radius: 5,
  erase: false,
};
const paint = (...strokes: Stroke[]) => {
  const mask = new Uint8Array(60 * 40);
  paintStrokes(mask, whole, strokes);
  return mask;
};

describe("strokes", () => {
  it("paint a line as wide as the brush, with round ends", () => {
    const mask = paint(line);
    expect(area(mask)).toBeCloseTo(30 * 10 + Math.PI * 25, -1);
    expect([mask[20 * 60 + 5], mask[20 * 60 + 4], mask[15 * 60 + 20], mask[14 * 60 + 20]]).toEqual([1, 0, 1, 0]);
  });

  it("follow one another: what is erased may be painted again", () => {
    const dot = (erase: boolean): Stroke => ({ points: [{ x: 25, y: 20 }], radius: 3, erase });
    expect(paint(line, dot(true))[20 * 60 + 25]).toBe(0);
    expect(paint(line, dot(true), dot(false))[20 * 60 + 25]).toBe(1);
  });

  it("are the same piece by piece", () => {
    const mask = paint(line);
    const part = { x: 7, y: 11, width: 20, height: 13 };
    const piece = new Uint8Array(20 * 13);
    paintStrokes(piece, part, [line]);
    for (let y = 0; y < 13; y++)
      for (let x = 0; x < 20; x++) expect(piece[y * 20 + x]).toBe(mask[(11 + y) * 60 + 7 + x]);
  });

  it("as a field have their outline where they are painted", () => {
    const field = new Float32Array(60 * 40).fill(-1e6);
    const hole: Stroke = { points: [{ x: 25, y: 20 }], radius: 3, erase: true };
    strokeField(field, whole, photo, [line, hole]);
    expect([...field].map((d) => (d > 0 ? 1 : 0))).toEqual([...paint(line, hole)]);
  });

  it("have bounds that hold all they paint, inside the photo", () => {
    expect(strokesBounds([line], photo)).toEqual({ x: 5, y: 15, width: 40, height: 10 });
    expect(strokesBounds([{ ...line, erase: true }], photo)).toBeNull();
    expect(strokesBounds([{ ...line, points: [{ x: 58, y: 39 }] }], photo)).toEqual({
      x: 53,
      y: 34,
      width: 7,
      height: 6,
    });
    expect(strokesBounds([{ ...line, points: [{ x: 580, y: 39 }] }], photo)).toBeNull();
  });
});
