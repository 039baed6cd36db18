/** The words that the page, the client and the worker share. */
import type { LowResMask } from "./core/prompt";
import type { ModelEntry } from "./core/manifest";

/** Where the model runs: the GPU, the CPU on several threads (needs cross-origin isolation), the CPU on one. */
export type Provider = "webgpu" | "wasm-threads" | "wasm";
export const providers: readonly Provider[] = ["webgpu", "wasm-threads", "wasm"];

/**
 * Why there cannot be several threads: the page is not cross-origin isolated; or it is, and the browser has no
 * SharedArrayBuffer all the same.
 */
export type NoThreads = "not-isolated" | "no-shared-memory" | "one-core";

export interface Attempt {
  provider: Provider;
  outcome: "running" | "skipped" | "failed";
  /** A sentence for the reader: why it was skipped, how it failed, or that its self-test passed. */
  reason: string;
}

/** What runs the model. */
export interface RuntimeInfo {
  /** Name, version and build, for reports. */
  readonly name: string;
  /** Addresses of the files that it is loaded from. */
  readonly files: readonly string[];
}

export interface EngineInfo {
  model: ModelEntry;
  variant: string;
  /** The id of the manifest's default model, where this is the instant one that goes before it; null otherwise. */
  finer: string | null;
  provider: Provider;
  threads: number;
  runtime: RuntimeInfo;
  /** Null where there can be several threads. */
  noThreads: NoThreads | null;
  /** Every provider that was considered, in order. */
  tried: Attempt[];
  /**
   * False when the model is only in memory, because storage is full or not available: it is downloaded again next time.
   */
  cached: boolean;
  /** False in an insecure context, where the browser cannot compute sha256 and only the length was checked. */
  verified: boolean;
}

export type Progress =
  /** Bytes over both model files; bytes from the cache count too. `file` is the one being read. */
  | { stage: "download"; file: string; loaded: number; total: number }
  | { stage: "compile"; provider: Provider }
  | { stage: "self-test"; provider: Provider };

/** The answer to a prompt: three candidate masks, best guess first chosen. */
export interface Segmentation {
  /** Three grids of low-res logits over the model frame; `core/mask.ts` brings them to the photo's resolution. */
  masks: LowResMask[];
  /** The IoU that the model predicts for each. */
  scores: number[];
  /** Which of the decoder's four mask tokens each came from. */
  tokens: number[];
  /** Index of the preselected candidate. */
  best: number;
}

/** A hover is a preview: it waits for everything else, and a newer one replaces it. */
export type SegmentKind = "tap" | "hover";

/** One of all masks of a photo. */
export interface FoundMask {
  /** The tap that it answers, in image pixels: as a prompt it gives `segmentation` again. */
  point: { x: number; y: number };
  segmentation: Segmentation;
  /** Which of the segmentation's masks it is. */
  candidate: number;
  predictedIou: number;
  stability: number;
}

/** All masks of a photo, best predicted IoU first. */
export interface Everything {
  masks: FoundMask[];
  /** The thresholds that were used. */
  predIouThresh: number;
  stabilityScoreThresh: number;
}
