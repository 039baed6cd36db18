/**
 * What a picture that is transparent in places is laid on, before the model or a filter looks at it: neither knows
 * opacity.
 */

type Rgba = Uint8ClampedArray | Uint8Array;

/** Black or white. */
export type Background = 0 | 255;

export function isOpaque(rgba: Rgba): boolean {
  for (let i = 3; i < rgba.length; i += 4) if (rgba[i] !== 255) return false;
  return true;
}

/**
 * The one of black and white that is farther from what can be seen of the picture, on average: a black drawing goes on
 * white.
 *
 * @param bands The picture's pixels, one part after the other.
 * @returns Null: nothing of it can be seen.
 */
export function backgroundOf(bands: Iterable<Rgba>): Background | null {
  let [opacity, light] = [0, 0];
  for (const rgba of bands)
    for (let i = 0; i < rgba.length; i += 4) {
      const alpha = rgba[i + 3]!;
      opacity += alpha;
      light += alpha * (rgba[i]! + rgba[i + 1]! + rgba[i + 2]!);
    }
  if (!opacity) return null;
  return 2 * light < 3 * 255 * opacity ? 255 : 0;
}

/** Lays pixels on a background, in place: opaque from then on. */
export function layOn<T extends Rgba>(rgba: T, background: Background): T {
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3]!;
    if (alpha === 255) continue;
    const rest = background * (255 - alpha);
    for (let c = i; c < i + 3; c++) rgba[c] = Math.round((rgba[c]! * alpha + rest) / 255);
    rgba[i + 3] = 255;
  }
  return rgba;
}
