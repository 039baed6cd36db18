/** All objects at once: what is offered, kept, put back and given up. */
import { signal, type Signal } from "@preact/signals";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { imagePoint, type PixelIndex } from "../../src/engine/core/geometry";
import { Everything } from "../../src/features/find-all/everything";
import { Prompting } from "../../src/state/prompting";
import { Session } from "../../src/state/session";
import { Viewport } from "../../src/state/viewport";
import { deferred } from "../engine/fakes";
import { fakeModel, fakePaths, fakePhoto, settle } from "../state/fakes";

vi.stubGlobal("document", { querySelector: () => null });
fakePaths();
afterAll(() => vi.unstubAllGlobals());

const places = [
  [8, 8],
  [30, 8],
  [20, 20],
] as const;
const at = (x: number, y: number) => ({ x, y }) as PixelIndex;

let model: ReturnType<typeof fakeModel>;
let session: Session;
let shown: Signal<Session | null>;
let prompting: Prompting;
let everything: Everything;

beforeEach(async () => {
  model = fakeModel();
  model.found.push(...places.map(([x, y]) => ({ points: [{ x, y, label: 1 as const }] })));
  session = new Session(fakePhoto(), (error) => expect.fail(String(error)));
  await session.encode(model.segmenter);
  shown = signal<Session | null>(session);
  prompting = new Prompting(shown, new Viewport(), () => undefined);
  everything = new Everything(shown, prompting, (message) => expect.fail(message.title));
});

test("a tap on what was found keeps it, without asking the model again", async () => {
  await everything.start();
  expect([everything.offered.value.length, everything.said.value.startsWith("3 objects found.")]).toEqual([3, true]);
  prompting.tap(imagePoint(30.5, 8.5));
  await settle();
  expect([everything.offered.value.length, everything.said.value.startsWith("Kept as Object 1.")]).toEqual([2, true]);
  expect(session.active.value.points).toMatchObject([{ x: 30, y: 8 }]);
  expect([session.edited.value!.current, model.asked.length, everything.keptSome.value]).toEqual([true, 0, true]);
  prompting.tap(imagePoint(39.5, 29.5)); // nothing is there
  expect(everything.offered.value).toHaveLength(2);
});

test("undo puts what was kept back among the found", async () => {
  await everything.start();
  everything.keep(everything.offered.value[0]!);
  prompting.undo();
  expect([everything.offered.value.length, everything.keptSome.value]).toEqual([3, false]);
});

test("keeping all is one step, and the end of it", async () => {
  await everything.start();
  everything.keepAll();
  expect([session.found.value.length, everything.isOpen.value, everything.said.value]).toEqual([
    3,
    false,
    "3 objects kept.",
  ]);
  expect(session.active.value.points).toMatchObject([{ x: 8, y: 8 }]);
  prompting.undo();
  expect([session.found.value.length, prompting.canUndo.value]).toEqual([0, false]);
});

test("keeping the last one ends it", async () => {
  await everything.start();
  while (everything.offered.value.length) everything.keep(everything.offered.value[0]!);
  expect([everything.isOpen.value, prompting.instead]).toEqual([false, null]);
});

test("what was found is seen while the search goes on, and stays when it is cancelled", async () => {
  const searching = everything.start();
  const shown = deferred<void>();
  everything.offered.subscribe((things) => things.length && shown.resolve());
  await shown.promise;
  everything.tap(at(8, 8));
  everything.hover(at(8, 8));
  expect([everything.search.value.state, everything.pointed.value, everything.keptSome.value]).toEqual([
    "searching",
    null,
    false,
  ]);
  expect(everything.leave()).toBe(true);
  await searching;
  expect([everything.search.value.state, everything.offered.value.length]).toEqual(["found", 2]);
  everything.tap(at(8, 8));
  expect(everything.keptSome.value).toBe(true);
  expect(everything.leave()).toBe(true);
  expect(everything.isOpen.value).toBe(false);
});

test("the smallest mask under the pointer is pointed at", async () => {
  model.found.push({
    points: [
      { x: 8, y: 8, label: 1 },
      { x: 12, y: 8, label: 1 },
    ],
  });
  await everything.start();
  everything.hover(at(9, 8));
  expect(everything.pointed.value?.number).toBe(1);
  everything.hover(at(17, 8));
  expect(everything.pointed.value?.number).toBe(4);
  everything.hover(null);
  expect(everything.pointed.value).toBeNull();
});

test.each<[string, () => void]>([
  ["leaving", () => expect(everything.leave()).toBe(true)],
  ["a tool", () => prompting.drawing.choose("brush")],
  ["another photo", () => (shown.value = null)],
  ["the loss of the model", () => session.detach()],
])("%s ends the search, and taps are points again", async (_, end) => {
  const searching = everything.start();
  expect(everything.search.value.state).toBe("searching");
  end();
  await searching;
  expect([everything.search.value.state, prompting.instead, everything.leave()]).toEqual(["closed", null, false]);
});
