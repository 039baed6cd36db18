/**
 * All masks of a photo without a prompt: taps all over it (`places.ts`), the good answers kept, duplicates dropped.
 * `export/evaluation/everything.py` is its twin: quality, stability, boxes and duplicates are judged on the low-res
 * logits.
 */
import { heldPlaces } from "./places";

/** Named as in segment-anything's SamAutomaticMaskGenerator. */
export interface EverythingSettings {
  /** Places along each side of the photo that can be tapped. */
  readonly pointsPerSide: number;
  /** How many of them are: where the answers so far say. */
  readonly mostTaps: number;
  /** Masks whose predicted IoU is not above this are dropped. */
  readonly predIouThresh: number;
  /** Masks that are less stable than this are dropped. */
  readonly stabilityScoreThresh: number;
  /** Stability compares the masks at the threshold ± this many logits. */
  readonly stabilityScoreOffset: number;
  /** Of masks whose boxes have more IoU than this, the one with the best predicted IoU is kept. */
  readonly boxNmsThresh: number;
}

/** Segment-anything's, but for a fifth of its taps. */
export const everythingDefaults: EverythingSettings = {
  pointsPerSide: 32,
  mostTaps: 204,
  predIouThresh: 0.88,
  stabilityScoreThresh: 0.95,
  stabilityScoreOffset: 1,
  boxNmsThresh: 0.7,
};

/** How good a mask must be. */
export type Bar = Pick<EverythingSettings, "predIouThresh" | "stabilityScoreThresh">;

/**
 * segment-anything's thresholds, and how they are lowered for a model that finds next to nothing with them. A small
 * model predicts a low IoU even for masks that are right: Tapmask Tiny's best on the sample photos are 0.73 to 0.88,
 * with a stability of 0.8 to
 * 0.9. At the last step it still gives whole things (cup, saucer, face, helmet); below it, mostly patches.
 */
export const ladder: readonly Bar[] = [
  { predIouThresh: everythingDefaults.predIouThresh, stabilityScoreThresh: everythingDefaults.stabilityScoreThresh },
  { predIouThresh: 0.8, stabilityScoreThresh: 0.9 },
  { predIouThresh: 0.7, stabilityScoreThresh: 0.85 },
  { predIouThresh: 0.6, stabilityScoreThresh: 0.8 },
  { predIouThresh: 0.5, stabilityScoreThresh: 0.7 },
  { predIouThresh: 0.4, stabilityScoreThresh: 0.6 },
  { predIouThresh: 0.35, stabilityScoreThresh: 0.6 },
];

/** A mask as good as this tells where to tap next, whether or not it is kept. */
export const lead: Bar = { predIouThresh: 0.2, stabilityScoreThresh: 0.5 };

/** In low-res cells, to fractions of one. */
export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** A mask that is good enough, as a line in a list: its logits are asked for again when it has survived the others. */
export interface Spotted {
  /** The place that was tapped. */
  readonly tap: number;
  /** Which of the decoder's tokens it is. */
  readonly token: number;
  readonly predictedIou: number;
  readonly stability: number;
  readonly box: Box;
  /** For each place whether it lies in the mask, 1 or 0. */
  readonly held: Uint8Array;
}

/** Low-res logits of one mask, `stride` in a row; only `columns × rows` of them show the photo. */
export interface Grid {
  readonly logits: Float32Array;
  readonly stride: number;
  readonly columns: number;
  readonly rows: number;
}

/**
 * IoU of the masks at `threshold + offset` and `threshold − offset`: near 1 where the edge is steep.
 *
 * @returns NaN when even the wider mask is empty.
 */
export function stabilityScore({ logits, stride, columns, rows }: Grid, threshold: number, offset: number): number {
  let [narrow, wide] = [0, 0];
  for (let y = 0; y < rows; y++)
    for (let i = y * stride, end = i + columns; i < end; i++) {
      if (logits[i]! > threshold - offset) wide++;
      if (logits[i]! > threshold + offset) narrow++;
    }
  return narrow / wide;
}

/**
 * The box of a mask. Its edges lie where the line between a cell of the mask and its neighbour crosses the threshold,
 * so that small masks are told apart as well as at the photo's resolution. Null: the mask is empty.
 */
export function maskBox({ logits, stride, columns, rows }: Grid, threshold: number): Box | null {
  const across = (x: number, y: number) => logits[y * stride + x]! - threshold;
  const down = (y: number, x: number) => across(x, y);
  const x1 = firstEdge(columns, rows, across);
  if (x1 === null) return null;
  const fromRight = firstEdge(columns, rows, (x, y) => across(columns - 1 - x, y))!;
  const fromBottom = firstEdge(rows, columns, (y, x) => down(rows - 1 - y, x))!;
  return { x1, y1: firstEdge(rows, columns, down)!, x2: columns - fromRight, y2: rows - fromBottom };
}

/** Where along the first axis anything becomes positive; cell i covers i … i + 1. */
function firstEdge(length: number, breadth: number, value: (along: number, across: number) => number): number | null {
  for (let i = 0; i < length; i++) {
    let back = -1; // how far before this cell's centre, in cells
    for (let j = 0; j < breadth; j++) {
      const here = value(i, j);
      if (here > 0) back = Math.max(back, i ? here / Math.max(here - value(i - 1, j), 1e-6) : 0);
    }
    if (back >= 0) return i ? i + 0.5 - back : 0;
  }
  return null;
}

/** What of one answer is good enough. @param logits of all tokens, one mask after the other. */
export function judge(
  tap: number,
  ious: Float32Array,
  logits: Float32Array,
  cells: Omit<Grid, "logits">,
  threshold: number,
  settings: EverythingSettings,
): Spotted[] {
  const area = logits.length / ious.length;
  const spotted: Spotted[] = [];
  // Token 0 is for prompts of more than a point; a decoder with a single mask has no other.
  for (let token = ious.length > 1 ? 1 : 0; token < ious.length; token++) {
    const predictedIou = ious[token]!;
    if (!(predictedIou > settings.predIouThresh)) continue;
    const grid = { ...cells, logits: logits.subarray(token * area, (token + 1) * area) };
    const stability = stabilityScore(grid, threshold, settings.stabilityScoreOffset);
    if (!(stability >= settings.stabilityScoreThresh)) continue;
    const box = maskBox(grid, threshold);
    if (!box) continue;
    spotted.push({
      tap,
      token,
      predictedIou,
      stability,
      box,
      held: heldPlaces(grid, threshold, settings.pointsPerSide),
    });
  }
  return spotted;
}

/** The best of each group whose boxes overlap, best predicted IoU first; of equals the first place, the first token. */
export function suppress(spotted: readonly Spotted[], boxNmsThresh: number): Spotted[] {
  const kept: Spotted[] = [];
  const order = (a: Spotted, b: Spotted) => b.predictedIou - a.predictedIou || a.tap - b.tap || a.token - b.token;
  for (const candidate of spotted.toSorted(order))
    if (kept.every(({ box }) => !(boxIou(box, candidate.box) > boxNmsThresh))) kept.push(candidate);
  return kept;
}

/**
 * What is left at the first of several bars, strictest first, that leaves at least `enough`; at the last bar if none
 * does.
 *
 * @param spotted What passes the last of the bars.
 */
export function select(
  spotted: readonly Spotted[],
  bars: readonly Bar[],
  enough: number,
  boxNmsThresh: number,
): { kept: Spotted[]; bar: Bar } {
  for (const [index, bar] of bars.entries()) {
    const kept = suppress(
      spotted.filter(
        ({ predictedIou, stability }) => predictedIou > bar.predIouThresh && stability >= bar.stabilityScoreThresh,
      ),
      boxNmsThresh,
    );
    if (kept.length >= enough || index === bars.length - 1) return { kept, bar };
  }
  throw new RangeError("There must be a bar.");
}

export function boxIou(a: Box, b: Box): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  const both = Math.max(0, width) * Math.max(0, height);
  return both / (size(a) + size(b) - both);
}

const size = ({ x1, y1, x2, y2 }: Box): number => (x2 - x1) * (y2 - y1);
