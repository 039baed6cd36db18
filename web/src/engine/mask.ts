/**
 * `tapmask/mask`: from the model's small grids to pixels and outlines of the photo. Pure functions: they run in workers
 * and in Node too.
 */
export { bands, cropRgba, cutOut, maskPixels } from "./core/cutout";
export { toPixel, type ImagePoint, type PixelIndex, type Point, type Rect, type Size } from "./core/geometry";
export {
  contour,
  joinBounds,
  maskBounds,
  sampleLogits,
  sampleMask,
  sampleUnion,
  wholePhoto,
  type Raster,
} from "./core/mask";
export type { LowResMask } from "./core/prompt";
