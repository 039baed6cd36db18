/** Means over square windows, in time that does not depend on their size. */
import type { Size } from "../engine/core/geometry";

/** The mean over `2 × radius + 1` samples each way; at the grid's border, over those that are there. */
export function boxMean(values: Float32Array, { width, height }: Size, radius: number): Float32Array<ArrayBuffer> {
  const r = Math.round(radius);
  if (r < 1) return values.slice();
  return columns(rows(values, width, height, r), width, height, r);
}

/** Nearly Gaussian, by three means. @param sigma In samples. */
export function blur(values: Float32Array, size: Size, sigma: number): Float32Array<ArrayBuffer> {
  // The window's variance is (w² − 1) / 12, three times; the windows differ so that their sum comes as near as whole
  // samples allow.
  const width = Math.sqrt(4 * sigma ** 2 + 1);
  const low = Math.max(0, Math.floor((width - 1) / 2));
  const wide = Math.min(
    3,
    Math.max(0, Math.round((12 * sigma ** 2 - 3 * (2 * low + 1) ** 2 + 3) / (4 * (2 * low + 1) + 4))),
  );
  let out = values.slice();
  for (let pass = 0; pass < 3; pass++) out = boxMean(out, size, low + (pass < wide ? 1 : 0));
  return out;
}

function rows(values: Float32Array, width: number, height: number, r: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let x = 0; x < Math.min(r, width); x++) sum += values[row + x]!;
    for (let x = 0; x < width; x++) {
      if (x + r < width) sum += values[row + x + r]!;
      if (x > r) sum -= values[row + x - r - 1]!;
      out[row + x] = sum / (Math.min(x + r, width - 1) - Math.max(x - r, 0) + 1);
    }
  }
  return out;
}

function columns(values: Float32Array, width: number, height: number, r: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  const sums = new Float64Array(width);
  const add = (y: number, sign: 1 | -1): void => {
    for (let x = 0, i = y * width; x < width; x++, i++) sums[x]! += sign * values[i]!;
  };
  for (let y = 0; y < Math.min(r, height); y++) add(y, 1);
  for (let y = 0; y < height; y++) {
    if (y + r < height) add(y + r, 1);
    if (y > r) add(y - r - 1, -1);
    const share = 1 / (Math.min(y + r, height - 1) - Math.max(y - r, 0) + 1);
    for (let x = 0, i = y * width; x < width; x++, i++) out[i] = sums[x]! * share;
  }
  return out;
}
