/** What can go wrong in the engine, as a code for the page and a sentence for the reader. */

export type EngineErrorCode =
  /** The manifest is missing, is not JSON, breaks the schema, or lacks the model asked for. */
  | "manifest"
  /** A model file could not be fetched. */
  | "download"
  /** A model file is not the one that the manifest names, even after fetching it again. */
  | "damaged"
  | "out-of-memory"
  /** The GPU device was lost, or the worker died. Load again, perhaps with other providers. */
  | "provider-lost"
  /** No provider could run the model; `tried` says why. */
  | "no-provider"
  /** Aborted by its signal, replaced by a newer request, or the segmenter was disposed. */
  | "aborted"
  /** An empty prompt, a picture without pixels, an image that was released. */
  | "bad-input";

export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(
    readonly code: EngineErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
