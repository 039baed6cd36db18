import { expect, test } from "vitest";
import { PromptError } from "../../src/engine/core/feeds";
import { explain, outcome } from "../../src/engine/worker/failure";

test.each([
  [new PromptError("A mask prompt must be 80 × 80 logits."), "bad-input"],
  [new DOMException("The image source is detached.", "InvalidStateError"), "bad-input"],
  [new RangeError("Array buffer allocation failed"), "out-of-memory"],
  [new Error("ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc"), "out-of-memory"],
  [new Error("Aborted(OOM). Build with -sASSERTIONS for more info."), "out-of-memory"],
  [new WebAssembly.RuntimeError("memory access out of bounds"), "provider-lost"],
  [new Error("The GPUDevice was lost."), "provider-lost"],
  [12345678, "out-of-memory"],
  ["some text", "provider-lost"],
])("%s is %s", (thrown, code) => {
  expect(explain(thrown).code).toBe(code);
});

test("an outcome carries the value or the failure", async () => {
  expect(await outcome(async () => 7)).toEqual({ ok: true, value: 7 });
  expect(await outcome(() => Promise.reject(new RangeError("too big")))).toMatchObject({
    ok: false,
    code: "out-of-memory",
    message: expect.stringContaining("too big"),
  });
});
