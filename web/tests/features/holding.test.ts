import { expect, it } from "vitest";
import { holding } from "../../src/features/stage/holding";

it("a key is held until it is released, or the window loses the focus", () => {
  const page = new EventTarget();
  const isHeld = holding("Space", page, new AbortController().signal);
  const key = (type: string, code = "Space") => page.dispatchEvent(Object.assign(new Event(type), { code }));
  const seen = [isHeld()];
  for (const step of [
    () => key("keydown"),
    () => key("keyup", "KeyA"),
    () => key("keyup"),
    () => key("keydown"),
    () => page.dispatchEvent(new Event("blur")),
  ]) {
    step();
    seen.push(isHeld());
  }
  expect(seen).toEqual([false, true, true, false, true, false]);
});
