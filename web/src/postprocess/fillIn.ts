/** Carries values from where they are known to everywhere else: from near if they are near, smoothly mixed from afar otherwise. */
import { axis, Bilinear } from "../engine/core/bilinear";
import type { Size } from "../engine/core/geometry";

/**
 * Grids of half the size, again and again, until every sample has seen a known one; then back.
 *
 * @param planes Values times their weights, one plane for each channel.
 * @param weight How far each sample is known, 0 to 1.
 * @returns Values for all samples; 0 where nothing is known anywhere.
 */
export function fillIn(planes: readonly Float32Array[], weight: Float32Array, size: Size): Float32Array[] {
  const { width, height } = size;
  if (width === 1 && height === 1)
    return planes.map((plane) => Float32Array.of(weight[0]! > 0 ? plane[0]! / weight[0]! : 0));
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const weights = sums(weight, size, half);
  const coarse = planes.map((plane) => sums(plane, size, half));
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! <= 1) continue;
    for (const plane of coarse) plane[i]! /= weights[i]!;
    weights[i] = 1;
  }
  const [columns, rows] = [axis(half.width, width, 0, 0.5, 1), axis(half.height, height, 0, 0.5, 1)];
  return fillIn(coarse, weights, half).map((values, c) => {
    const out = new Bilinear(values, half.width, columns, rows).all();
    const plane = planes[c]!;
    for (let i = 0; i < out.length; i++) out[i] = plane[i]! + (1 - weight[i]!) * out[i]!;
    return out;
  });
}

/** Of two by two samples each. */
function sums(values: Float32Array, { width, height }: Size, half: Size): Float32Array {
  const out = new Float32Array(half.width * half.height);
  for (let y = 0, i = 0; y < height; y++) {
    const row = (y >> 1) * half.width;
    for (let x = 0; x < width; x++, i++) out[row + (x >> 1)]! += values[i]!;
  }
  return out;
}
