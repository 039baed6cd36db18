import { expect, it } from "vitest";
import { failureCode } from "../../src/workers/shared/failure";

it.each([
  [new TypeError("colorSpace is not supported"), "failed"],
  [new Error("the picture is odd"), "failed"],
  ["some text", "failed"],
  [new DOMException("A requested file or directory could not be found.", "NotFoundError"), "file-gone"],
  [new DOMException("The file could not be read.", "NotReadableError"), "file-gone"],
  [new RangeError("Array buffer allocation failed"), "out-of-memory"],
  [new DOMException("The ImageBitmap could not be allocated.", "InvalidStateError"), "out-of-memory"],
  [new Error("Aborted(OOM). Build with -sASSERTIONS for more info."), "out-of-memory"],
  [12345678, "out-of-memory"],
])("%s is called %s", (thrown, code) => expect(failureCode(thrown)).toBe(code));
