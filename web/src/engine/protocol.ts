/** What the client and the worker say to each other. Types only: neither side's code is pulled into the other's. */
import type { SelfTest, Variant } from "./core/manifest";
import type { Graph } from "./core/pair";
import type { Bar, EverythingSettings, Spotted } from "./core/everything";
import type { Point } from "./core/geometry";
import type { Prompt } from "./core/prompt";
import type { SavedEmbeddings } from "./embeddings";
import type { EngineErrorCode } from "./errors";
import type { Provider, RuntimeInfo, Segmentation } from "./types";

/** Errors cross as data: a thrown one would arrive without its code. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; code: EngineErrorCode; message: string };

export interface Setup {
  provider: Provider;
  threads: number;
  /** The caller insists on this provider: a software adapter is good enough. */
  forced: boolean;
  inputSize: number;
  /** Logits above it belong to the mask. */
  threshold: number;
  variant: Variant;
  encoder: Uint8Array<ArrayBuffer>;
  decoder: Uint8Array<ArrayBuffer>;
  /** The self-test's picture, to see what becomes of a bitmap on its way into the worker. Null: none could be made. */
  probe: ImageBitmap | null;
}

export type StartStage = "compile" | "self-test";

/**
 * How a start ended. `skipped`: this machine does not have what the provider needs. `failed`: it has, and still does
 * not work.
 */
export type Started = {
  outcome: "running" | "skipped" | "failed";
  reason: string;
  /** Left out where it could not be loaded. */ runtime?: RuntimeInfo;
  /** Bitmaps lose their pixels on the way: only `ImageData` is of use. */ bitmapsFail?: boolean;
};

/** What two files turned out to be. */
export type Inspection =
  | {
      result: "runs";
      inputSize: number;
      /** The decoder was the first of them. */ swapped: boolean;
      encoder: Graph;
      decoder: Graph;
      selfTest: SelfTest;
    }
  /** Sentences that say which file lacks what. */
  | { result: "misfit"; problems: readonly string[] }
  | { result: "size-unknown" };

/**
 * `blank`: every pixel of the bitmap is zero, its opacity too. It was transparent from the start, or its pixels were
 * lost.
 */
export type Reading = "read" | "blank";

export interface Memory {
  /** Bytes of the runtime's WASM heaps. */
  wasm: number;
  /** Bytes of the worker's JavaScript heap, where the browser tells. */
  script: number | null;
}

export interface Events {
  onStage(stage: StartStage): void;
  onLost(message: string): void;
}

/** One worker runs one model on one provider, one call at a time: the client's queue sees to that. */
export interface WorkerApi {
  start(setup: Setup, onStage: Events["onStage"], onLost: Events["onLost"]): Promise<Started>;
  /**
   * Keeps the encoder's outputs under `id` until they are released; of a bitmap that arrived without its pixels it
   * makes nothing.
   */
  encode(id: number, source: ImageBitmap | ImageData): Promise<Outcome<Reading>>;
  /** A copy of what `encode` left under `id`, which stays. */
  save(id: number): Promise<Outcome<SavedEmbeddings>>;
  /** Puts under `id` what `encode` would have put there. */
  restore(id: number, saved: SavedEmbeddings): Promise<Outcome<null>>;
  segment(id: number, prompt: Prompt): Promise<Outcome<Segmentation>>;
  /**
   * Taps places, all in one run where the decoder can. What passes the settings' thresholds, as lines without masks.
   */
  spot(id: number, places: readonly number[], settings: EverythingSettings): Promise<Outcome<Spotted[]>>;
  /** Where to tap next, by `core/places.ts`. */
  explore(
    spotted: readonly Spotted[],
    tapped: readonly number[],
    settings: EverythingSettings,
  ): Promise<Outcome<number[]>>;
  /** The best of what was spotted, by `core/everything.ts`. */
  select(
    spotted: readonly Spotted[],
    bars: readonly Bar[],
    enough: number,
    boxNmsThresh: number,
  ): Promise<Outcome<{ kept: Spotted[]; bar: Bar }>>;
  /** The whole answers to lone points. */
  answer(id: number, taps: readonly Point[]): Promise<Outcome<Segmentation[]>>;
  release(id: number): void;
  /** Tries two ONNX files out, in a worker that has not been started. */
  inspect(
    files: readonly [
      { name: string; bytes: Uint8Array<ArrayBuffer> },
      { name: string; bytes: Uint8Array<ArrayBuffer> },
    ],
    size: number | null,
  ): Promise<Outcome<Inspection>>;
  memory(): Promise<Outcome<Memory>>;
}
