/** A prompt as the decoder's input tensors. */
import { pixelIndex, pixelToModel, type Letterbox, type Point } from "./geometry";
import type { LowResMask, Prompt } from "./prompt";

export interface Feed {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
export type PromptFeeds = Record<"point_coords" | "point_labels" | "mask_input" | "has_mask_input", Feed>;

/** The prompt does not fit this model or this photo. */
export class PromptError extends Error {
  override readonly name = "PromptError";
}

const padding = -1;
const boxTopLeft = 2;
const boxBottomRight = 3;

/** Points first, then the box's two corners or, without a box, one padding point: what SAM was trained with. */
export function promptFeeds(prompt: Prompt, letterbox: Letterbox, gridSize: number): PromptFeeds {
  const coords: [number, number][] = [];
  const labels: number[] = [];
  const add = (x: number, y: number, label: number) => {
    const point = pixelToModel(pixelIndex(x, y), letterbox);
    coords.push([point.x, point.y]);
    labels.push(label);
  };
  for (const { x, y, label } of prompt.points) add(x, y, label);
  if (prompt.box) {
    add(prompt.box.x1, prompt.box.y1, boxTopLeft);
    add(prompt.box.x2, prompt.box.y2, boxBottomRight);
  }
  return prompt.box ? pack(coords, labels, gridSize, prompt.mask) : modelFeeds(coords, labels, gridSize, prompt.mask);
}

/** Feeds for points that are in the model frame already; the padding point is appended. */
export const modelFeeds = (
  coords: readonly (readonly [number, number])[],
  labels: readonly number[],
  gridSize: number,
  mask?: LowResMask | null,
): PromptFeeds => pack([...coords, [0, 0]], [...labels, padding], gridSize, mask);

/** Feeds for several prompts of a lone point each, in image pixels. One empty mask serves all. */
export function lonePointFeeds(points: readonly Point[], letterbox: Letterbox, gridSize: number): PromptFeeds {
  const coords = points.flatMap((point) => {
    const { x, y } = pixelToModel(pixelIndex(point.x, point.y), letterbox);
    return [x, y, 0, 0];
  });
  return {
    ...pack([], [], gridSize),
    point_coords: { data: Float32Array.from(coords), dims: [points.length, 2, 2] },
    point_labels: { data: Float32Array.from(points.flatMap(() => [1, padding])), dims: [points.length, 2] },
  };
}

function pack(
  coords: readonly (readonly [number, number])[],
  labels: readonly number[],
  gridSize: number,
  mask?: LowResMask | null,
): PromptFeeds {
  if (mask && (mask.size !== gridSize || mask.logits.length !== gridSize ** 2))
    throw new PromptError(
      `A mask prompt must be ${gridSize} × ${gridSize} logits, this one is ${mask.size} × ${mask.size}.`,
    );
  return {
    point_coords: { data: Float32Array.from(coords.flat()), dims: [1, coords.length, 2] },
    point_labels: { data: Float32Array.from(labels), dims: [1, labels.length] },
    mask_input: { data: mask?.logits ?? new Float32Array(gridSize ** 2), dims: [1, 1, gridSize, gridSize] },
    has_mask_input: { data: Float32Array.of(mask ? 1 : 0), dims: [1] },
  };
}
