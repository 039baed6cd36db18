/** What the user asks with, in image pixels, and what the model answers with. */

export interface PromptPoint {
  readonly x: number;
  readonly y: number;
  /** 1: part of the object, 0: not part of it. */
  readonly label: 0 | 1;
}

/** `x1 ≤ x2`, `y1 ≤ y2`. */
export interface PromptBox {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** A square of the photo, in whole pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** A `size × size` grid of logits, row by row, over the whole model frame or over a region of the photo. */
export interface LowResMask {
  readonly logits: Float32Array;
  readonly size: number;
  /** Outside of it the mask is nothing. None: the grid covers the model frame. */
  readonly region?: Region | null;
}

export interface Prompt {
  readonly points: readonly PromptPoint[];
  readonly box?: PromptBox | null;
  /** An earlier answer to refine. */
  readonly mask?: LowResMask | null;
  /** What of the photo was in sight when it was asked, for `CloserImage.lookAgain`: as `viewOf` makes it. */
  readonly view?: Region | null;
}
