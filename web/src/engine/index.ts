/** What the package `tapmask` gives to another page: the engine, and what to do with its answers. */
export { CloserImage, EngineError, Segmenter } from "./segmenter";
export type {
  Attempt,
  Cut,
  EncodedImage,
  EngineErrorCode,
  EngineInfo,
  Everything,
  EverythingOptions,
  FoundMask,
  LoadOptions,
  LowResMask,
  Manifest,
  NoThreads,
  ModelEntry,
  Progress,
  Prompt,
  PromptBox,
  PromptPoint,
  Provider,
  Region,
  RuntimeInfo,
  SegmentKind,
  Segmentation,
  Variant,
} from "./segmenter";
export { viewOf } from "./core/lookAgain";
export { TieredImage, TieredSegmenter, type TieredOptions, type TieredSegmentation } from "./tiered";
export * from "./mask";
