/**
 * Low-res logits, read at the photo's resolution.
 *
 * The grid covers the model frame with one cell per 4 × 4 model pixels, or a region of the photo, outside of which the mask is nothing. A photo pixel is read in one bilinear step, without an
 * upsampled grid in between: a 48-megapixel photo costs one row of floats at a time.
 */
import { contours } from "d3-contour";
import { axis, Bilinear } from "./bilinear";
import { imagePoint, letterbox, type ImagePoint, type Rect, type Size } from "./geometry";
import { cellSize } from "./grid";
import { rectOf } from "./lookAgain";
import type { LowResMask } from "./prompt";

/**
 * `width × height` samples spread evenly over `rect` (image pixels): a view of the photo, a band of it, or all of it.
 */
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
export function sampleMask(
  mask: LowResMask,
  photo: Size,
  inputSize: number,
  raster: Raster = wholePhoto(photo),
  threshold = 0,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(raster.width * raster.height);
  const logits = reader(mask, photo, inputSize, raster);
  for (let y = 0, o = 0; y < raster.height; y++, o += raster.width) {
    if (logits.row(y) <= threshold) continue;
    for (let x = 0; x < raster.width; x++) out[o + x] = logits.at(x) > threshold ? 1 : 0;
  }
  return out;
}

/** Which samples belong to at least one of several masks. */
export function sampleUnion(
  masks: readonly LowResMask[],
  photo: Size,
  inputSize: number,
  raster: Raster = wholePhoto(photo),
  threshold = 0,
): Uint8Array<ArrayBuffer> {
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
  const [right, bottom] = [
    Math.max(...all.map((rect) => rect.x + rect.width)),
    Math.max(...all.map((rect) => rect.y + rect.height)),
  ];
  return { x, y, width: right - x, height: bottom - y };
}

/** The logits themselves at the samples of a raster. */
export function sampleLogits(
  mask: LowResMask,
  photo: Size,
  inputSize: number,
  raster: Raster = wholePhoto(photo),
): Float32Array<ArrayBuffer> {
  return reader(mask, photo, inputSize, raster).all();
}

/** The smallest rectangle of photo pixels that holds the mask, or null for an empty one. */
export function maskBounds(mask: LowResMask, photo: Size, inputSize: number, threshold = 0): Rect | null {
  const logits = reader(mask, photo, inputSize, wholePhoto(photo));
  let [left, right, top, bottom] = [photo.width, -1, -1, -1];
  for (let y = 0; y < photo.height; y++) {
    if (logits.row(y) <= threshold) continue;
    // Only pixels outside the bounds so far can widen them, except that an untouched row must still be found out.
    let x = 0;
    while (x < photo.width && logits.at(x) <= threshold) x++;
    if (x === photo.width) continue;
    left = Math.min(left, x);
    for (x = photo.width - 1; x > right && logits.at(x) <= threshold;) x--;
    right = Math.max(right, x);
    if (top < 0) top = y;
    bottom = y;
  }
  return top < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * The outlines of the mask and of its holes, as closed polylines in image pixels (the first point is not repeated).
 * Where the mask leaves the photo, they run along its border. Fill with the even-odd rule.
 */
export function contour(mask: LowResMask, photo: Size, inputSize: number, threshold = 0): ImagePoint[][] {
  const rect = mask.region ? rectOf(mask.region) : wholePhoto(photo).rect;
  const { newWidth, newHeight } = letterbox(rect.width, rect.height, inputSize);
  // Small grids need more samples between their cells to look smooth; large ones have them.
  const perCell = inputSize <= 512 ? 4 : 2;
  const width = Math.max(1, Math.round((newWidth / cellSize) * perCell));
  const height = Math.max(1, Math.round((newHeight / cellSize) * perCell));
  const logits = sampleLogits(mask, photo, inputSize, { width, height, rect });
  const shape = contours()
    .size([width, height])
    .contour(logits as unknown as number[], threshold);
  const [scaleX, scaleY] = [rect.width / width, rect.height / height];
  return shape.coordinates
    .flat()
    .map((ring) => ring.slice(0, -1).map(([x, y]) => imagePoint(rect.x + x! * scaleX, rect.y + y! * scaleY)));
}

function reader(mask: LowResMask, photo: Size, inputSize: number, { rect, width, height }: Raster): Bilinear {
  const { x, y, side } = mask.region ?? { x: 0, y: 0, side: 0 };
  const { scaleX, scaleY } = letterbox(photo.width, photo.height, inputSize);
  const [across, down] = side ? [mask.size / side, mask.size / side] : [scaleX / cellSize, scaleY / cellSize];
  const columns = axis(mask.size, width, rect.x - x, rect.width / width, across);
  const rows = axis(mask.size, height, rect.y - y, rect.height / height, down);
  return new Bilinear(mask.logits, mask.size, columns, rows);
}
