/** An earlier answer as a prompt for another model: its grid covers the same frame with other cells. */
import type { LowResMask, Prompt } from "./prompt";

/** The prompt with its mask on a grid of `size × size` cells. */
export const withGrid = (prompt: Prompt, size: number): Prompt => (prompt.mask && prompt.mask.size !== size ? { ...prompt, mask: resizeGrid(prompt.mask, size) } : prompt);

/** Reads the grid bilinearly at the centres of another one's cells. */
export function resizeGrid({ logits, size: from }: LowResMask, size: number): LowResMask {
  const places = Array.from({ length: size }, (_, i) => {
    const at = Math.min(Math.max(((i + 0.5) * from) / size - 0.5, 0), from - 1);
    const low = Math.min(Math.floor(at), Math.max(from - 2, 0));
    return { low, high: Math.min(low + 1, from - 1), part: at - low };
  });
  const out = new Float32Array(size * size);
  places.forEach((down, y) =>
    places.forEach((across, x) => {
      const row = (at: number) => logits[at * from + across.low]! * (1 - across.part) + logits[at * from + across.high]! * across.part;
      out[y * size + x] = row(down.low) * (1 - down.part) + row(down.high) * down.part;
    }),
  );
  return { logits: out, size };
}
