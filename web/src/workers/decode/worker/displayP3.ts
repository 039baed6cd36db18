/** Display-P3 to sRGB, for browsers whose canvases know sRGB only. */

/** Linear light to linear light, row by row. Both have the same white, so greys stay what they are. */
const matrix = [
  [1.22494018, -0.22494018, 0],
  [-0.04205695, 1.04205695, 0],
  [-0.01963755, -0.07863605, 1.0982736],
] as const;

/** Both spaces share the transfer curve of sRGB. */
const toLight = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const fromLight = (light: number): number => (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);

/** So fine that no 8-bit value is off after the way there and back. */
const steps = 2 ** 14;

/**
 * In place. What sRGB cannot show becomes its nearest value in each channel.
 *
 * @param rgba 8 bits a channel; opacity stays.
 */
export function displayP3ToSrgb(rgba: Uint8ClampedArray): void {
  const light = Float32Array.from({ length: 256 }, (_, value) => toLight(value / 255));
  const value = Uint8Array.from({ length: steps + 1 }, (_, step) => Math.round(fromLight(step / steps) * 255));
  const [red, green, blue] = matrix;
  const shown = (sum: number): number => value[Math.round(Math.min(Math.max(sum, 0), 1) * steps)]!;
  for (let i = 0; i < rgba.length; i += 4) {
    const [r, g, b] = [light[rgba[i]!]!, light[rgba[i + 1]!]!, light[rgba[i + 2]!]!];
    rgba[i] = shown(red[0] * r + red[1] * g);
    rgba[i + 1] = shown(green[0] * r + green[1] * g);
    rgba[i + 2] = shown(blue[0] * r + blue[1] * g + blue[2] * b);
  }
}
