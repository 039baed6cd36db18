/**
 * The guided filter (He, Sun and Tang): around every sample, the mask as a straight line over the photo's brightness,
 * so that the mask turns where the photo does. The lines are found on a coarse grid and read at any finer one, as in
 * the fast guided filter.
 */
import { boxMean } from "./blur";
import type { Size } from "../engine/core/geometry";

/** For each sample `mask = slope × brightness + offset`. */
export interface Lines {
  readonly slope: Float32Array;
  readonly offset: Float32Array;
}

/**
 * @param mask 0 to 1 for each sample.
 * @param brightness 0 to 1 for each sample.
 * @param radius Of the window, in samples.
 * @param tolerance The variance of brightness under which the photo counts as flat, and the mask is only averaged.
 */
export function guidedLines(
  mask: Float32Array,
  brightness: Float32Array,
  size: Size,
  radius: number,
  tolerance: number,
): Lines {
  const mean = (values: Float32Array) => boxMean(values, size, radius);
  const times = (a: Float32Array, b: Float32Array) => a.map((value, i) => value * b[i]!);
  const [meanI, meanP] = [mean(brightness), mean(mask)];
  const [meanII, meanIP] = [mean(times(brightness, brightness)), mean(times(brightness, mask))];
  const [slope, offset] = [new Float32Array(mask.length), new Float32Array(mask.length)];
  for (let i = 0; i < mask.length; i++) {
    const variance = Math.max(0, meanII[i]! - meanI[i]! ** 2);
    slope[i] = (meanIP[i]! - meanI[i]! * meanP[i]!) / (variance + tolerance);
    offset[i] = meanP[i]! - slope[i]! * meanI[i]!;
  }
  return { slope: mean(slope), offset: mean(offset) };
}
