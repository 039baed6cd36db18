/** The grid of low-res logits that decoders answer with: one cell for a square of pixels of the model frame. */

/** Model pixels per cell, each way. */
export const cellSize = 4;

/** Cells per side of the grid over a model frame. */
export const gridSize = (inputSize: number): number => inputSize / cellSize;

/** The model frame that a grid of so many cells per side covers. */
export const frameSize = (cells: number): number => cells * cellSize;

/** How many cells along a side have their centre before `pixels` of the model frame; at least one. */
export const cellsWithin = (pixels: number): number => Math.max(1, Math.floor((pixels + cellSize / 2 - 1) / cellSize));
