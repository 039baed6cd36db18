/** Does this provider compute what PyTorch computed? Known kernels return zeros or nonsense without any error. */
import type { SelfTest } from "./manifest";

/** The self-test's picture: `height × width × 3` bytes, blocks of 16 pixels in every shade. */
export function selfTestPicture(width: number, height: number): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(width * height * 3);
  let o = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) rgb[o++] = (((x >> 4) * 37 + (y >> 4) * 101 + c * 53) * 29) % 256;
  return rgb;
}

/** The same, opaque, as a canvas takes it: `height × width × 4` bytes. */
export function selfTestRgba(width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
  const rgb = selfTestPicture(width, height);
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  return rgba;
}

export interface Verdict {
  readonly passed: boolean;
  /** One sentence, with the worst difference in it. */
  readonly reason: string;
}

/** Compares the decoder's outputs (`[4]` and `[4·G·G]`) with the vector in the manifest. */
export function compareSelfTest(test: SelfTest, ious: ArrayLike<number>, logits: ArrayLike<number>): Verdict {
  let worst = 0;
  let where = "";
  // How far off, in tolerances; anything that is not a number (NaN, an index beyond the output) is infinitely far off.
  const check = (expected: number, actual: number | undefined, allowed: number, name: string) => {
    const off = Math.abs((actual ?? NaN) - expected) / allowed;
    if (off <= worst) return;
    worst = Number.isNaN(off) ? Infinity : off;
    where = `${name} is ${actual === undefined ? "missing" : actual.toPrecision(4)}, expected ${expected.toPrecision(4)}`;
  };
  test.iou_predictions.forEach((expected, i) => check(expected, ious[i], test.tolerance, `predicted IoU ${i}`));
  test.logits.index.forEach((index, i) => {
    const expected = test.logits.value[i]!;
    check(expected, logits[index], test.tolerance * Math.max(1, Math.abs(expected)), `logit ${index}`);
  });
  if (worst <= 1)
    return {
      passed: true,
      reason: `The self-test passed (largest difference ${(worst * 100).toFixed(0)} % of what is allowed).`,
    };
  return { passed: false, reason: `The self-test failed: ${where}.` };
}
