/**
 * Low-res logits, read at the photo's resolution.
 *
 * The grid covers the model frame with one cell per 4 × 4 model pixels. A photo pixel is read in one bilinear step, without an
 * upsampled grid in between: a 48-megapixel photo costs one row of floats at a time.
 */
import { contours } from "d3-contour";
import { imagePoint, letterbox, type ImagePoint, type Rect, type Size } from "./geometry";
import type { LowResMask } from "./prompt";

/** Model pixels per grid cell. */
const cell = 4;

/** `width × height` samples spread evenly over `rect` (image pixels): a view of the photo, a band of it, or all of it. */
export interface Raster extends Size {
  readonly rect: Rect;
}

export const wholePhoto = (photo: Size): Raster => ({ ...photo, rect: { x: 0, y: 0, ...photo } });

/**
 * Which samples of a raster belong to the mask.
 *
 * @param raster Every pixel of the photo by default.
 * @param threshold The manifest's `mask_threshold`.
 * @returns 0 or 1 for each sample, row by row.
 */
export function sampleMask(mask: LowResMask, photo: Size, inputSize: number, raster: Raster = wholePhoto(photo), threshold = 0): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(raster.width * raster.height);
  const { columns, rows } = axes(mask, photo, inputSize, raster);
  const line = new Float64Array(mask.size);
  for (let y = 0, o = 0; y < raster.height; y++, o += raster.width) {
    if (blendRows(mask, rows, y, line) <= threshold) continue;
    for (let x = 0; x < raster.width; x++) out[o + x] = at(line, columns, x) > threshold ? 1 : 0;
  }
  return out;
}

/** Which samples belong to at least one of several masks. */
export function sampleUnion(masks: readonly LowResMask[], photo: Size, inputSize: number, raster: Raster = wholePhoto(photo), threshold = 0): Uint8Array<ArrayBuffer> {
  const [first, ...rest] = masks.map((mask) => sampleMask(mask, photo, inputSize, raster, threshold));
  const out = first ?? new Uint8Array(raster.width * raster.height);
  for (const other of rest) for (let i = 0; i < out.length; i++) out[i]! |= other[i]!;
  return out;
}

/** The smallest rectangle that holds several. */
export function joinBounds(bounds: readonly (Rect | null)[]): Rect | null {
  const all = bounds.filter((rect) => rect !== null);
  if (!all.length) return null;
  const [x, y] = [Math.min(...all.map((rect) => rect.x)), Math.min(...all.map((rect) => rect.y))];
  const [right, bottom] = [Math.max(...all.map((rect) => rect.x + rect.width)), Math.max(...all.map((rect) => rect.y + rect.height))];
  return { x, y, width: right - x, height: bottom - y };
}

/** The logits themselves at the samples of a raster. */
export function sampleLogits(mask: LowResMask, photo: Size, inputSize: number, raster: Raster = wholePhoto(photo)): Float32Array<ArrayBuffer> {
  const out = new Float32Array(raster.width * raster.height);
  const { columns, rows } = axes(mask, photo, inputSize, raster);
  const line = new Float64Array(mask.size);
  for (let y = 0, o = 0; y < raster.height; y++) {
    blendRows(mask, rows, y, line);
    for (let x = 0; x < raster.width; x++) out[o++] = at(line, columns, x);
  }
  return out;
}

/** The smallest rectangle of photo pixels that holds the mask, or null for an empty one. */
export function maskBounds(mask: LowResMask, photo: Size, inputSize: number, threshold = 0): Rect | null {
  const { columns, rows } = axes(mask, photo, inputSize, wholePhoto(photo));
  const line = new Float64Array(mask.size);
  let [left, right, top, bottom] = [photo.width, -1, -1, -1];
  for (let y = 0; y < photo.height; y++) {
    if (blendRows(mask, rows, y, line) <= threshold) continue;
    // Only pixels outside the bounds so far can widen them, except that an untouched row must still be found out.
    let x = 0;
    while (x < photo.width && at(line, columns, x) <= threshold) x++;
    if (x === photo.width) continue;
    left = Math.min(left, x);
    for (x = photo.width - 1; x > right && at(line, columns, x) <= threshold; ) x--;
    right = Math.max(right, x);
    if (top < 0) top = y;
    bottom = y;
  }
  return top < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * The outlines of the mask and of its holes, as closed polylines in image pixels (the first point is not repeated). Where the mask
 * leaves the photo, they run along its border. Fill with the even-odd rule.
 */
export function contour(mask: LowResMask, photo: Size, inputSize: number, threshold = 0): ImagePoint[][] {
  const { newWidth, newHeight } = letterbox(photo.width, photo.height, inputSize);
  // Small grids need more samples between their cells to look smooth; large ones have them.
  const perCell = inputSize <= 512 ? 4 : 2;
  const width = Math.max(1, Math.round((newWidth / cell) * perCell));
  const height = Math.max(1, Math.round((newHeight / cell) * perCell));
  const logits = sampleLogits(mask, photo, inputSize, { width, height, rect: wholePhoto(photo).rect });
  const shape = contours().size([width, height]).contour(logits as unknown as number[], threshold);
  const [scaleX, scaleY] = [photo.width / width, photo.height / height];
  return shape.coordinates.flat().map((ring) => ring.slice(0, -1).map(([x, y]) => imagePoint(x! * scaleX, y! * scaleY)));
}

/** For each sample along one axis: the grid cell before it, and how far it is on the way to the next. */
interface Axis {
  readonly low: Int32Array;
  readonly part: Float64Array;
}

function axes(mask: LowResMask, photo: Size, inputSize: number, { rect, width, height }: Raster): { columns: Axis; rows: Axis } {
  const { scaleX, scaleY } = letterbox(photo.width, photo.height, inputSize);
  return {
    columns: axis(mask.size, width, rect.x, rect.width / width, scaleX / cell),
    rows: axis(mask.size, height, rect.y, rect.height / height, scaleY / cell),
  };
}

function axis(size: number, count: number, start: number, step: number, scale: number): Axis {
  const low = new Int32Array(count);
  const part = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const position = Math.min(Math.max((start + (i + 0.5) * step) * scale - 0.5, 0), size - 1);
    low[i] = Math.min(Math.floor(position), size - 2);
    part[i] = position - low[i]!;
  }
  return { low, part };
}

/** Blends the two grid rows around raster row `y` into `line`; returns its maximum, which no pixel of that row can exceed. */
function blendRows({ logits, size }: LowResMask, { low, part }: Axis, y: number, line: Float64Array): number {
  const above = low[y]! * size;
  const t = part[y]!;
  let highest = -Infinity;
  for (let x = 0; x < size; x++) {
    const value = logits[above + x]! * (1 - t) + logits[above + size + x]! * t;
    line[x] = value;
    if (value > highest) highest = value;
  }
  return highest;
}

const at = (line: Float64Array, { low, part }: Axis, x: number): number => {
  const i = low[x]!;
  const t = part[x]!;
  return line[i]! * (1 - t) + line[i + 1]! * t;
};
