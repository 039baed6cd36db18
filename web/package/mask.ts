/** `tapmask/mask`: from the model's small grids to pixels and outlines of the photo. Pure functions: they run in workers and in Node too. */
export { bands, cropRgba, cutOut, maskPixels } from "../src/core/cutout";
export { toPixel, type ImagePoint, type Point, type Rect, type Size } from "../src/core/geometry";
export { contour, joinBounds, maskBounds, sampleLogits, sampleMask, sampleUnion, wholePhoto, type Raster } from "../src/core/mask";
export type { LowResMask } from "../src/core/prompt";
