/** What can be done to a mask on a grid of samples: its parts, its holes, and how far every sample is from its edge. */
import type { Size } from "../engine/core/geometry";

export interface Part {
  /** In samples. */
  readonly area: number;
  /** Does it reach the grid's border? */
  readonly atBorder: boolean;
}

export interface Parts {
  /** For each sample the number of its part, from 0; −1: not in any. */
  readonly labels: Int32Array;
  readonly parts: readonly Part[];
}

/** The connected parts (over edges, not corners) of all samples that are `value`. */
export function connectedParts(mask: Uint8Array, { width, height }: Size, value: 0 | 1 = 1): Parts {
  const labels = new Int32Array(mask.length).fill(-1);
  const stack = new Int32Array(mask.length);
  const parts: Part[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] !== value || labels[start] !== -1) continue;
    const label = parts.length;
    let [area, atBorder, depth] = [0, false, 1];
    stack[0] = start;
    labels[start] = label;
    const visit = (i: number): void => {
      if (mask[i] !== value || labels[i] !== -1) return;
      labels[i] = label;
      stack[depth++] = i;
    };
    while (depth > 0) {
      const i = stack[--depth]!;
      const x = i % width;
      area++;
      if (x > 0) visit(i - 1);
      if (x < width - 1) visit(i + 1);
      if (i >= width) visit(i - width);
      if (i < width * (height - 1)) visit(i + width);
      if (x === 0 || x === width - 1 || i < width || i >= width * (height - 1)) atBorder = true;
    }
    parts.push({ area, atBorder });
  }
  return { labels, parts };
}

/** Keeps the parts that `keep` says, in place. */
export function keepParts(
  mask: Uint8Array,
  { labels, parts }: Parts,
  keep: (part: Part, label: number) => boolean,
): void {
  const kept = parts.map(keep);
  for (let i = 0; i < mask.length; i++) if (labels[i] !== -1 && !kept[labels[i]!]) mask[i] = 0;
}

/** Fills holes of at most `largest` samples, in place. What is open to the grid's border is no hole. */
export function fillHoles(mask: Uint8Array, size: Size, largest = Infinity): void {
  const { labels, parts } = connectedParts(mask, size, 0);
  const filled = parts.map(({ area, atBorder }) => !atBorder && area <= largest);
  for (let i = 0; i < mask.length; i++) if (labels[i] !== -1 && filled[labels[i]!]) mask[i] = 1;
}

/**
 * Turns over parts, and gaps, of at most `largest` samples that do not reach the grid's border; in place.
 *
 * @returns Which samples were turned.
 */
export function turnCrumbs(mask: Uint8Array, size: Size, largest: number): number[] {
  const turned: number[] = [];
  for (const value of [0, 1] as const) {
    const { labels, parts } = connectedParts(mask, size, value);
    const small = parts.map(({ area, atBorder }) => !atBorder && area <= largest);
    if (small.includes(true))
      for (let i = 0; i < mask.length; i++) if (labels[i] !== -1 && small[labels[i]!]) turned.push(i);
  }
  for (const i of turned) mask[i] = mask[i] ? 0 : 1;
  return turned;
}

/**
 * How far every sample's centre is from the mask's edge, in samples: positive inside, negative outside. The edge runs
 * half-way between samples. Where the mask leaves the grid it has no edge; a mask without any is ±`none`.
 */
export function signedDistance(mask: Uint8Array, size: Size, none = 1e6): Float32Array<ArrayBuffer> {
  const outside = distanceTo(mask, 1, size);
  const inside = distanceTo(mask, 0, size);
  for (let i = 0; i < inside.length; i++)
    inside[i] = mask[i] ? Math.min(Math.sqrt(inside[i]!) - 0.5, none) : -Math.min(Math.sqrt(outside[i]!) - 0.5, none);
  return inside;
}

const far = 1e20;

/**
 * Squared distance to the nearest sample that is `value`, exactly: Felzenszwalb and Huttenlocher's lower envelope of
 * parabolas, columns and then rows.
 */
function distanceTo(mask: Uint8Array, value: 0 | 1, { width, height }: Size): Float32Array<ArrayBuffer> {
  const out = new Float32Array(mask.length);
  // Along columns two sweeps will do: every sample is 0 or far.
  for (let i = 0; i < mask.length; i++) out[i] = mask[i] === value ? 0 : i < width ? far : out[i - width]! + 1;
  for (let i = mask.length - width - 1; i >= 0; i--) out[i] = Math.min(out[i]!, out[i + width]! + 1);
  const line = new Float64Array(width);
  const vertex = new Int32Array(width);
  const border = new Float64Array(width + 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let count = 0;
    for (let x = 0; x < width; x++) {
      const d = out[row + x]!;
      line[x] = d >= 1e9 ? far : d * d;
      if (line[x] === far) continue;
      let at = -Infinity;
      while (count > 0) {
        const v = vertex[count - 1]!;
        at = (line[x]! + x * x - line[v]! - v * v) / (2 * (x - v));
        if (at > border[count - 1]!) break;
        count--;
      }
      vertex[count] = x;
      border[count] = count ? at : -Infinity;
      count++;
    }
    for (let x = 0, k = 0; x < width; x++) {
      if (!count) {
        out[row + x] = far;
        continue;
      }
      while (k < count - 1 && border[k + 1]! < x) k++;
      const v = vertex[k]!;
      out[row + x] = line[v]! + (x - v) ** 2;
    }
  }
  return out;
}
