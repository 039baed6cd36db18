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

/** A `size × size` grid of logits over the whole model frame, row by row. */
export interface LowResMask {
  readonly logits: Float32Array;
  readonly size: number;
}

export interface Prompt {
  readonly points: readonly PromptPoint[];
  readonly box?: PromptBox | null;
  /** An earlier answer to refine. */
  readonly mask?: LowResMask | null;
}
