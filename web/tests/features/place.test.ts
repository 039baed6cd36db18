/** What is spoken of the place under the keyboard's cursor. */
import { expect, test, vi } from "vitest";
import { imagePoint } from "../../src/engine/core/geometry";
import { describePlace } from "../../src/features/stage/Place";
import type { Session } from "../../src/state/session";

test("the object is looked up at the pixel that is named", () => {
  const objectAt = vi.fn(() => null);
  const session = { photo: { width: 40, height: 30 }, objectAt } as unknown as Session;
  expect(describePlace(session, imagePoint(10.9, 3.2))).toBe("Column 11, row 4.");
  expect(objectAt).toHaveBeenCalledWith({ x: 10, y: 3 });
});
