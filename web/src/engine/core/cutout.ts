/** The pixels of what is saved, as plain arrays; encoding them as PNG is the caller's business. */
import type { Rect, Size } from "./geometry";

/** Gives the pixels their opacity, in place. `rgba` and `alpha` (0 to 255) cover the same pixels. */
export function cutOut(rgba: Uint8ClampedArray, alpha: Uint8Array): void {
  if (rgba.length !== alpha.length * 4)
    throw new RangeError(`${rgba.length / 4} photo pixels do not match ${alpha.length} mask pixels.`);
  const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, alpha.length);
  for (let i = 0; i < alpha.length; i++) {
    // Colour goes with the alpha: a cut-out must not carry the hidden rest of the photo along.
    if (!alpha[i]) pixels[i] = 0;
    else if (alpha[i] !== 255) rgba[4 * i + 3] = Math.round((rgba[4 * i + 3]! * alpha[i]!) / 255);
  }
}

/** The mask as opaque RGBA: white on black. */
export function maskPixels(mask: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(mask.length * 4);
  const pixels = new Uint32Array(rgba.buffer);
  const black = new Uint32Array(Uint8Array.of(0, 0, 0, 255).buffer)[0]!;
  for (let i = 0; i < mask.length; i++) pixels[i] = mask[i] ? 0xffffffff : black;
  return rgba;
}

/**
 * Splits a rectangle of photo pixels into bands of about `pixels` pixels, so that a huge photo is worked off piece by
 * piece.
 */
export function bands(rect: Rect, pixels = 4_000_000): Rect[] {
  const rows = Math.max(1, Math.floor(pixels / rect.width));
  const count = Math.ceil(rect.height / rows);
  return Array.from({ length: count }, (_, i) => ({
    ...rect,
    y: rect.y + i * rows,
    height: Math.min(rows, rect.height - i * rows),
  }));
}

/** The part of an RGBA picture inside `rect`. */
export function cropRgba(rgba: Uint8ClampedArray, size: Size, rect: Rect): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(rect.width * rect.height * 4);
  for (let y = 0; y < rect.height; y++) {
    const from = ((rect.y + y) * size.width + rect.x) * 4;
    out.set(rgba.subarray(from, from + rect.width * 4), y * rect.width * 4);
  }
  return out;
}
