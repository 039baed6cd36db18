/** What a thing means that was thrown while pictures were read or written. */

/** `file-gone`: the file behind a blob was deleted, moved or changed. `failed`: nobody knows. */
export type FailureCode = "out-of-memory" | "file-gone" | "failed";

const memory = /out of memory|allocat|\boom\b|enlarge memory|too large|too big/i;
const gone = new Set(["NotFoundError", "NotReadableError", "SecurityError"]);
/** What canvases and bitmaps throw when there is no room for their pixels, and for nothing else that happens here. */
const noRoom = new Set([
  "InvalidStateError",
  "EncodingError",
  "OperationError",
  "QuotaExceededError",
  "DataCloneError",
]);

export function failureCode(error: unknown): FailureCode {
  // emscripten throws bare numbers for C++ exceptions that nobody caught; in practice there was no memory.
  if (error instanceof RangeError || typeof error === "number") return "out-of-memory";
  if (!(error instanceof Error || error instanceof DOMException)) return "failed";
  if (gone.has(error.name)) return "file-gone";
  return noRoom.has(error.name) || memory.test(error.message) ? "out-of-memory" : "failed";
}
