/** An earlier answer as a prompt for another model: its grid covers the same frame with other cells. */
import { axis, Bilinear } from "./bilinear";
import type { LowResMask, Prompt } from "./prompt";

/** The prompt with its mask on a grid of `size × size` cells. */
export const withGrid = (prompt: Prompt, size: number): Prompt =>
  prompt.mask && prompt.mask.size !== size ? { ...prompt, mask: resizeGrid(prompt.mask, size) } : prompt;

/** Reads the grid bilinearly at the centres of another one's cells. */
export function resizeGrid({ logits, size: from, region }: LowResMask, size: number): LowResMask {
  const places = axis(from, size, 0, 1, from / size);
  return { logits: new Bilinear(logits, from, places, places).all(), size, region };
}
