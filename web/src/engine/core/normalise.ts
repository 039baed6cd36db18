/** Photos as the encoders of other exporters take them. */

/** SAM's, of 0 to 255. */
export const mean = [123.675, 116.28, 103.53] as const;
export const deviation = [58.395, 57.12, 57.375] as const;

/**
 * The photo in the top left of a square of three planes, normalised; the rest is zero.
 *
 * @param rgb `height × width × 3` bytes.
 * @returns `3 × side × side` floats.
 */
export function toPlanes(rgb: Uint8Array, width: number, height: number, side: number): Float32Array<ArrayBuffer> {
  const planes = new Float32Array(3 * side * side);
  for (let channel = 0; channel < 3; channel++) {
    const [shift, scale] = [mean[channel]!, 1 / deviation[channel]!];
    for (let y = 0; y < height; y++)
      for (let x = 0, from = y * width * 3 + channel, to = (channel * side + y) * side; x < width; x++, from += 3)
        planes[to + x] = (rgb[from]! - shift) * scale;
  }
  return planes;
}
