/** What a thrown thing means. onnxruntime and the browser tell kinds of failure apart only in their messages. */
import { PromptError } from "../core/feeds";
import type { EngineErrorCode } from "../errors";
import type { Outcome } from "../protocol";

const outOfMemory =
  /out of memory|bad_alloc|allocation fail|memory allocation|enlarge memory|\boom\b|failed to allocate|buffer is too large/i;

export function explain(error: unknown): { code: EngineErrorCode; message: string } {
  // emscripten throws bare numbers for C++ exceptions that nobody caught; in practice there was no memory.
  if (typeof error === "number")
    return { code: "out-of-memory", message: `There is not enough memory (code ${error}).` };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof PromptError) return { code: "bad-input", message };
  // A typed array or a canvas that is too big for this machine throws a RangeError of its own wording.
  if (error instanceof RangeError || outOfMemory.test(message))
    return { code: "out-of-memory", message: `There is not enough memory: ${message}` };
  // The canvas complains about bitmaps that were closed or cannot be read.
  if (error instanceof DOMException) return { code: "bad-input", message: `The picture cannot be read: ${message}` };
  return { code: "provider-lost", message: `The model stopped: ${message}` };
}

export async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, ...explain(error) };
  }
}
