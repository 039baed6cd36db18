/**
 * Which three of the decoder's four masks are offered, and which of them first. `export/models/selection.py` is its
 * twin.
 */
import type { Prompt } from "./prompt";

export interface Candidates {
  /** Mask tokens, in the order in which they are offered. */
  readonly tokens: readonly number[];
  /** Index into `tokens`. */
  readonly best: number;
}

/**
 * A lone point is ambiguous (a sleeve, a shirt, a person): tokens 1, 2 and 3 answer it, in their own order so that "the
 * second candidate" means the same at every tap. Otherwise token 0, trained for unambiguous prompts, leads, followed by
 * the two best others.
 *
 * @param ious The predicted IoU of the four masks, or of the only one that a decoder has.
 */
export function candidates(ious: ArrayLike<number>, prompt: Pick<Prompt, "points" | "box">): Candidates {
  if (ious.length === 1) return { tokens: [0], best: 0 };
  const byIou = [1, 2, 3].sort((a, b) => ious[b]! - ious[a]! || a - b) as [number, number, number];
  const ambiguous = prompt.points.length === 1 && !prompt.box;
  return ambiguous ? { tokens: [1, 2, 3], best: byIou[0] - 1 } : { tokens: [0, byIou[0], byIou[1]], best: 0 };
}
