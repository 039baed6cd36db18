/**
 * Pillow's `Image.resize(size, BILINEAR)`, bit for bit: a separable triangle filter that widens when shrinking
 * (anti-aliasing), rows first, each pass with 22-bit fixed-point weights and rounded to 8 bits. The models were trained
 * on pictures made so.
 */

const precision = 22;
const half = 1 << (precision - 1);

/** For each output sample: the first input sample it reads, how many, and their weights. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly stride: number;
}

/**
 * Reads the photo `rows` rows at a time: one of 48 megapixels never lies in memory as a whole.
 *
 * @param read Gives `count × width × 4` bytes from row `y` on. It may return the same array again and again; alpha is
 *   dropped.
 * @returns `newHeight × newWidth × 3` bytes.
 */
export function resizeInBands(
  width: number,
  height: number,
  newWidth: number,
  newHeight: number,
  rows: number,
  read: (y: number, count: number) => Uint8Array | Uint8ClampedArray,
): Uint8Array<ArrayBuffer> {
  const taps = triangleTaps(width, newWidth);
  const narrow = new Uint8Array(newWidth * height * 3);
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    resizeRows(read(y, count), width, count, taps, newWidth, narrow, y * newWidth * 3);
  }
  return resizeColumns(narrow, newWidth, triangleTaps(height, newHeight), newHeight);
}

function triangleTaps(size: number, newSize: number): Taps {
  const scale = size / newSize;
  const support = Math.max(1, scale);
  const stride = Math.ceil(support) * 2 + 1;
  const taps = {
    first: new Int32Array(newSize),
    count: new Int32Array(newSize),
    weights: new Int32Array(newSize * stride),
    stride,
  };
  const narrow = 1 / support; // multiplied as Pillow does: dividing rounds a weight differently now and then
  const raw = new Float64Array(stride);
  for (let i = 0; i < newSize; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(size, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += raw[k] = Math.max(0, 1 - Math.abs((first + k - centre + 0.5) * narrow));
    for (let k = 0; k < count; k++) taps.weights[i * stride + k] = Math.trunc((raw[k]! / sum) * (1 << precision) + 0.5);
    taps.first[i] = first;
    taps.count[i] = count;
  }
  return taps;
}

/** RGBA → RGB, each row brought to `newWidth`, written to `out` from `o` on. */
function resizeRows(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  taps: Taps,
  newWidth: number,
  out: Uint8Array,
  o: number,
): void {
  const { first, count, weights, stride } = taps;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      let p = (y * width + first[x]!) * 4;
      let r = half;
      let g = half;
      let b = half;
      for (let k = x * stride, end = k + count[x]!; k < end; k++, p += 4) {
        const weight = weights[k]!;
        r += rgba[p]! * weight;
        g += rgba[p + 1]! * weight;
        b += rgba[p + 2]! * weight;
      }
      // Weights are not negative and add up to one, so a sum cannot leave 0…255 by more than its rounding.
      out[o++] = Math.min(255, r >> precision);
      out[o++] = Math.min(255, g >> precision);
      out[o++] = Math.min(255, b >> precision);
    }
  }
}

/** RGB → RGB, each column brought to `newHeight`. */
function resizeColumns(rgb: Uint8Array, width: number, taps: Taps, newHeight: number): Uint8Array<ArrayBuffer> {
  const { first, count, weights, stride } = taps;
  const row = width * 3;
  const sums = new Int32Array(row);
  const out = new Uint8Array(row * newHeight);
  for (let y = 0; y < newHeight; y++) {
    sums.fill(half);
    for (let k = 0; k < count[y]!; k++) {
      const weight = weights[y * stride + k]!;
      const from = (first[y]! + k) * row;
      for (let i = 0; i < row; i++) sums[i]! += rgb[from + i]! * weight;
    }
    for (let i = 0, o = y * row; i < row; i++, o++) out[o] = Math.min(255, sums[i]! >> precision);
  }
  return out;
}
