/**
 * When a photo is looked at again, and where: around what is small, or in the view that the person has zoomed in to. The
 * rule that `export/models/look_again.py` has too (tests/golden/look_again.json holds both to it).
 *
 * A grid of logits covers a rectangle of the photo: the first look's the model frame, the second look's a square region of it.
 */
import { axis, Bilinear } from "./bilinear";
import { letterbox, type Point, type Rect, type Size } from "./geometry";
import type { LowResMask, Prompt, PromptBox, Region } from "./prompt";

/** Chosen by measuring on training photos: docs/experiments.md. */
export const lookAgainRule = {
  /** Side of a region, by the longer side of what it is cut around. */
  padding: 3,
  /** Pixels of a side. */
  least: 64,
  /** Of the photo's longer side; a larger region gains too little. */
  largest: 0.5,
  /** Least IoU of the answer to what was meant with the first one. */
  overlap: 0.1,
  /** The same for the other candidates. */
  agreement: 0.5,
  /** Of that IoU beside the predicted one, where several could be meant. */
  weight: 2,
  /** The largest logit of cells at a region's edge: beyond it, the object does not go on. */
  outside: -1,
};

export const rectOf = ({ x, y, side }: Region): Rect => ({ x, y, width: side, height: side });

/** What a grid of logits covers: its region, or the model frame, which is the photo and its padding. In photo pixels. */
export function coverOf({ region }: Pick<LowResMask, "region">, photo: Size, inputSize: number): Rect {
  if (region) return rectOf(region);
  const { scaleX, scaleY } = letterbox(photo.width, photo.height, inputSize);
  return { x: 0, y: 0, width: inputSize / scaleX, height: inputSize / scaleY };
}

/** Is every pixel of the box in the region? */
export const holds = ({ x, y, side }: Region, box: PromptBox): boolean =>
  x <= box.x1 && y <= box.y1 && box.x2 < x + side && box.y2 < y + side;

/** The smallest box that holds all points and boxes; null for nothing. */
export function hull(points: readonly Point[], ...boxes: readonly (PromptBox | null | undefined)[]): PromptBox | null {
  const corners = [...points, ...boxes.flatMap((box) => (box ? [point(box.x1, box.y1), point(box.x2, box.y2)] : []))];
  if (!corners.length) return null;
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  return { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs), y2: Math.max(...ys) };
}

const point = (x: number, y: number): Point => ({ x, y });

/** The box of the photo's pixels that a mask touches; null where it touches none. */
export function boxOf(mask: LowResMask, photo: Size, inputSize: number, threshold = 0): PromptBox | null {
  const { logits, size } = mask;
  let [left, right, top, bottom] = [size, -1, -1, -1];
  for (let y = 0, i = 0; y < size; y++)
    for (let x = 0; x < size; x++, i++) {
      if (!(logits[i]! > threshold)) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top < 0) top = y;
      bottom = y;
    }
  if (top < 0) return null;
  const cover = coverOf(mask, photo, inputSize);
  const columns = extent(left, right, cover.x, cover.width / size, photo.width);
  const rows = extent(top, bottom, cover.y, cover.height / size, photo.height);
  return columns && rows && { x1: columns[0], y1: rows[0], x2: columns[1], y2: rows[1] };
}

/** The pixels below `most` that cells `first` to `last` touch, along one axis. */
function extent(first: number, last: number, start: number, cell: number, most: number): [number, number] | null {
  const [low, high] = [Math.floor(start + first * cell), Math.ceil(start + (last + 1) * cell) - 1];
  return low < most && high >= 0 ? [Math.max(low, 0), Math.min(high, most - 1)] : null;
}

/**
 * The region to look at again for what lies in `box`; null where it would gain too little.
 *
 * @param padding Its side, by the longer side of the box.
 */
export function regionAround(
  box: PromptBox,
  { width, height }: Size,
  padding: number = lookAgainRule.padding,
): Region | null {
  const { least, largest } = lookAgainRule;
  const [x1, y1, x2, y2] = [box.x1, box.y1, box.x2, box.y2].map(Math.floor) as [number, number, number, number];
  const side = Math.max(Math.ceil(padding * (Math.max(x2 - x1, y2 - y1) + 1)), least);
  if (side > largest * Math.max(width, height) || side > Math.min(width, height)) return null;
  const place = (low: number, high: number, length: number): number =>
    Math.min(Math.max(Math.floor((low + high + 1 - side) / 2), 0), length - side);
  return { x: place(x1, x2, width), y: place(y1, y2, height), side };
}

/**
 * The view of a person who has zoomed in: a square of whole pixels around what is in sight, inside the photo.
 *
 * @param seen What the stage shows, in photo pixels; it may go beyond the photo.
 * @returns Null: more is in sight than a region may be large.
 */
export function viewOf(seen: Rect, photo: Size): Region | null {
  const box = {
    x1: Math.max(seen.x, 0),
    y1: Math.max(seen.y, 0),
    x2: Math.min(Math.ceil(seen.x + seen.width), photo.width) - 1,
    y2: Math.min(Math.ceil(seen.y + seen.height), photo.height) - 1,
  };
  return box.x1 <= box.x2 && box.y1 <= box.y2 ? regionAround(box, photo, 1) : null;
}

/** Reads a grid that covers one rectangle at the cells of one as large over another, bilinearly. Beyond the first one, the values at its edge go on. */
export function resample({ logits, size }: LowResMask, covers: Rect, rect: Rect): Float32Array<ArrayBuffer> {
  const columns = axis(size, size, rect.x - covers.x, rect.width / size, size / covers.width);
  const rows = axis(size, size, rect.y - covers.y, rect.height / size, size / covers.height);
  return new Bilinear(logits, size, columns, rows).all();
}

/** A mask of the whole frame, or of another region, as one of this region; null: of the whole frame. */
export function moved(mask: LowResMask, region: Region | null, photo: Size, inputSize: number): LowResMask {
  const [from, to] = [coverOf(mask, photo, inputSize), coverOf({ region }, photo, inputSize)];
  return { logits: resample(mask, from, to), size: mask.size, region };
}

/** The outermost cells of a region's grid, except along the photo's own edges, as indices into its logits. */
function innerEdges(size: number, region: Region, photo: Size): number[] {
  const last = size - 1;
  const cells: number[] = [];
  for (let i = 0; i < size; i++) {
    if (region.x > 0) cells.push(i * size);
    if (region.y > 0) cells.push(i);
    if (region.x + region.side < photo.width) cells.push(i * size + last);
    if (region.y + region.side < photo.height) cells.push(last * size + i);
  }
  return cells;
}

/** A region's mask with its outermost cells outside of it, except along the photo's own edges: whoever reads beyond the region finds nothing there. */
export function sealed({ logits, size }: LowResMask, region: Region, photo: Size): LowResMask {
  const out = logits.slice();
  for (const i of innerEdges(size, region, photo)) out[i] = Math.min(out[i]!, lookAgainRule.outside);
  return { logits: out, size, region };
}

/** Does a region's mask, before it is sealed, show something that ends before the region does? Where the photo itself ends, it may be cut. */
export const isWhole = ({ logits, size }: LowResMask, region: Region, photo: Size, threshold = 0): boolean =>
  logits.some((logit) => logit > threshold) && !innerEdges(size, region, photo).some((i) => logits[i]! > threshold);

/** IoU of two masks on one grid; 0 when both are empty. */
export function agreement(first: LowResMask, second: LowResMask, threshold = 0): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < first.logits.length; i++) {
    const [a, b] = [first.logits[i]! > threshold, second.logits[i]! > threshold];
    if (a && b) both++;
    if (a || b) either++;
  }
  return either ? both / either : 0;
}

/** A prompt as it reads inside a region: middles of pixels and outer edges of boxes, because a pixel takes several of the model's. */
export const promptIn = (region: Region, { points, box, mask }: Prompt): Prompt => ({
  points: points.map(({ x, y, label }) => ({ x: x - region.x + 0.5, y: y - region.y + 0.5, label })),
  box: box && {
    x1: box.x1 - region.x,
    y1: box.y1 - region.y,
    x2: box.x2 + 1 - region.x,
    y2: box.y2 + 1 - region.y,
  },
  mask: mask && { logits: mask.logits, size: mask.size },
});

/** The region where a first answer is looked at again; null where that would gain too little, or the answer is of a region already. */
export function regionFor(
  { points, box }: Prompt,
  answer: LowResMask,
  photo: Size,
  inputSize: number,
  threshold: number,
): Region | null {
  const meant = answer.region ? null : (box ?? boxOf(answer, photo, inputSize, threshold));
  const around = meant && hull(points, meant);
  return around && regionAround(around, photo);
}

/** The view in which a first answer is looked at again; null: there is none that holds all of the prompt, or the answer is of a region already. */
export function viewFor({ points, box, view }: Prompt, answer: LowResMask): Region | null {
  const asked = hull(points, box);
  return view && asked && !answer.region && holds(view, asked) ? view : null;
}

/**
 * Which of a view's masks take the places of the first answer's: each that is whole that of the same number, if the best
 * one is whole; null: the first answer's stays.
 */
export const wholeOnes = (whole: readonly boolean[], best: number): (number | null)[] =>
  whole.map((each, i) => (each && whole[best] ? i : null));

/** Which of the second look's masks takes an answer's place, by IoU with that answer and predicted IoU; null: none fits. */
export function chosen(fits: readonly number[], predicted: readonly number[], least: number): number | null {
  const score = (i: number): number => predicted[i]! + lookAgainRule.weight * fits[i]!;
  const able = [...fits.keys()].filter((i) => fits[i]! >= least);
  return able.reduce<number | null>((best, i) => (best === null || score(i) > score(best) ? i : best), null);
}
