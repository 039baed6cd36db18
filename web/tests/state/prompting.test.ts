/** Gestures become edits of the open photo's document, and those are answered. */
import { signal } from "@preact/signals";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { addObject } from "../../src/document/objects";
import { imagePoint, viewPoint } from "../../src/engine/core/geometry";
import { Prompting } from "../../src/state/prompting";
import { Session } from "../../src/state/session";
import { Viewport } from "../../src/state/viewport";
import { fakeModel, fakePaths, fakePhoto, photoSize, settle } from "./fakes";

fakePaths();
afterAll(() => vi.unstubAllGlobals());

const cup = imagePoint(10.5, 10.5);
const saucer = imagePoint(30.5, 20.5);

let model: ReturnType<typeof fakeModel>;
let session: Session;
let prompting: Prompting;
const onEdit = vi.fn();

beforeEach(async () => {
  model = fakeModel();
  session = new Session(fakePhoto(), (error) => expect.fail(String(error)));
  await session.encode(model.segmenter);
  const viewport = new Viewport();
  viewport.show(photoSize);
  // A CSS pixel for each of the photo's, so that both have the same numbers.
  viewport.view.value = { scale: 1, x: 0, y: 0 };
  prompting = new Prompting(signal(session), viewport, onEdit);
});

const points = () => session.active.value.points.map(({ x, y, label }) => [x, y, label]);
const view = (x: number, y: number) => viewPoint(x, y);

/** Prompts about a photo of 1000 × 800, of which a square of 300 is in sight, 100 from its left and top. */
function zoomedIn() {
  const large = { ...fakePhoto(), width: 1000, height: 800 };
  const session = new Session(large as never, () => undefined);
  const viewport = new Viewport();
  viewport.resize({ width: 600, height: 600 }, { top: 0, right: 0, bottom: 0, left: 0 });
  viewport.show(large);
  viewport.view.value = { scale: 2, x: -200, y: -200 };
  return { session, viewport, prompting: new Prompting(signal(session), viewport, onEdit) };
}
const seen = { x: 100, y: 100, side: 300 };

test.each<[string, (prompting: Prompting) => void]>([
  ["a tap", (prompting) => prompting.tap(imagePoint(200.5, 200.5))],
  ["a box", (prompting) => prompting.handle({ type: "box", from: view(40, 40), to: view(400, 300), done: true })],
  [
    "a scribble",
    ({ drawing }) => {
      drawing.choose("scribble");
      drawing.draw({ type: "stroke", phase: "begin", at: view(40, 40), secondary: false });
      drawing.draw({ type: "stroke", phase: "end", at: view(300, 300), secondary: false });
    },
  ],
])("%s is asked with what is in sight of the photo", (_, act) => {
  const { session, prompting } = zoomedIn();
  act(prompting);
  expect(session.active.value.view).toEqual(seen);
});

test("a view stays with its question, whatever is in sight later", () => {
  const { session, viewport, prompting } = zoomedIn();
  prompting.tap(imagePoint(200.5, 200.5));
  const asked = session.document.value;
  viewport.zoom(2);
  viewport.pan(-50, 20);
  viewport.fit();
  expect(session.document.value).toBe(asked);
  prompting.tap(imagePoint(210.5, 390.5));
  expect(session.active.value.view).toEqual(seen);
  prompting.tap(imagePoint(900.5, 700.5));
  expect(session.active.value.view).toBeNull();
  prompting.undo();
  expect(session.active.value.view).toEqual(seen);
  // A drag that ends where it began has asked nothing.
  viewport.view.value = { scale: 2, x: -180, y: -180 };
  for (const dx of [9, 0]) prompting.handle({ type: "drag", point: 0, by: { dx, dy: 0 } });
  prompting.handle({ type: "drop" });
  expect(session.active.value.view).toEqual(seen);
  viewport.fit();
  prompting.edit(addObject);
  prompting.tap(imagePoint(210.5, 390.5));
  expect(session.active.value.view).toBeNull();
});

test("undo and redo bring points and their answers back, without asking again", async () => {
  prompting.tap(cup);
  await settle();
  const first = session.answer.value;
  prompting.tap(saucer, true);
  await settle();
  const second = session.answer.value;
  prompting.undo();
  expect([points(), session.answer.value]).toEqual([[[10, 10, 1]], first]);
  prompting.redo();
  expect(session.answer.value).toBe(second);
  expect([prompting.canRedo.value, model.asked.length]).toEqual([false, 2]);
  prompting.undo();
  prompting.undo();
  expect([points(), prompting.canUndo.value, prompting.isEmpty.value]).toEqual([[], false, true]);
});

test.each([
  ["the other button", (): void => prompting.tap(saucer, true), 0],
  ["the mode", (): void => ((prompting.mode.value = "background"), prompting.tap(saucer)), 0],
  ["nothing else", (): void => prompting.tap(saucer), 1],
])("with %s a second point has its label and goes with the answer to the first", async (_, tap, label) => {
  prompting.tap(cup);
  await settle();
  const shown = session.chosenMask();
  tap();
  await settle();
  expect(points()).toEqual([
    [10, 10, 1],
    [30, 20, label],
  ]);
  expect(model.asked[1]!.prompt.mask).toBe(shown);
});

test("a box is the same from any corner, and one without an area is none", async () => {
  const draw = (from: [number, number], to: [number, number]) =>
    prompting.handle({ type: "box", from: view(...from), to: view(...to), done: true });
  draw([4.5, 5.5], [20.5, 25.5]);
  expect(session.active.value.box).toEqual({ x1: 4, y1: 5, x2: 20, y2: 25 });
  const index = session.document.value.index;
  draw([20.5, 25.5], [4.5, 5.5]);
  expect(session.active.value.box).toEqual({ x1: 4, y1: 5, x2: 20, y2: 25 });
  draw([8.5, 8.5], [8.5, 20.5]);
  expect(session.document.value.index).toBe(index + 1);
  prompting.removeBox();
  expect(session.active.value.box).toBeNull();
});

test("a box while it is drawn is a rubber band, and no edit", () => {
  prompting.handle({ type: "box", from: view(1, 1), to: view(9, 9), done: false });
  expect(prompting.rubberBand.value).toEqual({ x1: 1, y1: 1, x2: 9, y2: 9 });
  prompting.handle({ type: "revoke" });
  expect([prompting.rubberBand.value, prompting.canUndo.value]).toEqual([null, false]);
});

test("a loose box is drawn tight around its mask", async () => {
  prompting.tap(cup);
  await settle();
  prompting.handle({ type: "box", from: view(0, 0), to: view(39, 29), done: true });
  await settle();
  const { bounds } = session.edited.value!.outline;
  prompting.tighten();
  const { x1, y1, x2, y2 } = session.active.value.box!;
  expect([x1, y1]).toEqual([Math.floor(bounds!.x), Math.floor(bounds!.y)]);
  expect([x2 + 1, y2 + 1]).toEqual([Math.ceil(bounds!.x + bounds!.width), Math.ceil(bounds!.y + bounds!.height)]);
});

test("dragging a point is one step, and giving it up is none", async () => {
  prompting.tap(cup);
  await settle();
  const before = session.answer.value;
  for (const dx of [2, 5, 9]) prompting.handle({ type: "drag", point: 0, by: { dx, dy: 1 } });
  expect([points(), prompting.selected.value]).toEqual([[[19, 11, 1]], 0]);
  prompting.handle({ type: "drop" });
  prompting.undo();
  expect([points(), session.answer.value]).toEqual([[[10, 10, 1]], before]);
  prompting.handle({ type: "drag", point: 0, by: { dx: 5, dy: 5 } });
  prompting.handle({ type: "revoke" });
  expect(points()).toEqual([[10, 10, 1]]);
});

test("the selected point is removed, or else the last one", async () => {
  for (const place of [cup, saucer, imagePoint(5.5, 25.5)]) {
    prompting.tap(place);
    await settle();
  }
  prompting.selected.value = 0;
  prompting.removeLatest();
  expect(points().map(([x]) => x)).toEqual([30, 5]);
  prompting.removeLatest();
  expect(points().map(([x]) => x)).toEqual([30]);
});

test("clearing removes everything that was said, and is one step", async () => {
  prompting.handle({ type: "box", from: view(2, 2), to: view(20, 20), done: true });
  prompting.tap(cup);
  await settle();
  const answer = session.answer.value;
  prompting.clear();
  expect([points(), session.active.value.box, session.edited.value]).toEqual([[], null, null]);
  prompting.undo();
  expect(session.answer.value).toBe(answer);
});

test("a tap on a mask selects its object before anything is said about a new one, and not afterwards", async () => {
  prompting.tap(cup);
  await settle();
  prompting.edit(addObject);
  prompting.tap(cup);
  expect([session.active.value.id, points()]).toEqual([1, [[10, 10, 1]]]);
  prompting.edit(addObject);
  prompting.tap(saucer);
  await settle();
  prompting.tap(cup);
  expect([session.active.value.id, points().length]).toEqual([2, 2]);
  prompting.handle({ type: "pick", at: view(10, 10) });
  expect(session.active.value.id).toBe(1);
});

test("a place beside the photo is no point, and ends the selection of one", () => {
  prompting.selected.value = 0;
  prompting.tap(imagePoint(-3, 4));
  expect([points(), prompting.selected.value, prompting.canUndo.value]).toEqual([[], null, false]);
});

test("the mask under the pointer is asked for as a preview, and no edit", async () => {
  prompting.hover(view(10.5, 10.5));
  await settle();
  expect(session.hover.value?.contains({ x: 10, y: 10 } as never)).toBe(true);
  expect([model.asked[0]!.kind, prompting.canUndo.value]).toEqual(["hover", false]);
  prompting.hover(null);
  expect(session.hover.value).toBeNull();
});

test("a candidate that is not there cannot be chosen", async () => {
  prompting.tap(cup);
  await settle();
  prompting.choose(3);
  expect(session.candidate.value).toBe(1);
  prompting.choose(2);
  expect([session.candidate.value, session.chosenMask()]).toEqual([2, session.answer.value!.mask(2)]);
});

test("the keyboard's cursor begins in the middle, stays on the photo and places points", async () => {
  prompting.tapCursor(false);
  prompting.moveCursor(-500, 4);
  prompting.tapCursor(true);
  expect(points()).toEqual([
    [20, 15, 1],
    [0, 19, 0],
  ]);
});

test("arrows move a point by CSS pixels, and by one of the photo where that is more", () => {
  prompting.tap(cup);
  prompting.nudge(0, -4, 0.25);
  expect(points()).toEqual([[6, 11, 1]]);
});

test("Escape gives up what is nearest: the point, the line, the tool, the panel", () => {
  const { drawing, refining, selected } = prompting;
  refining.open.value = true;
  drawing.choose("brush");
  drawing.draw({ type: "stroke", phase: "begin", at: view(3, 3), secondary: false });
  selected.value = 0;
  const left = [1, 2, 3, 4].map(() => {
    prompting.leave();
    return [selected.value === null, drawing.line.value === null, !drawing.draws.value, !refining.open.value];
  });
  expect(left.map((one) => one.filter(Boolean).length)).toEqual([1, 2, 3, 4]);
});

test("another photo begins without mode, selection and tool", () => {
  prompting.mode.value = "background";
  prompting.selected.value = 0;
  prompting.drawing.choose("lasso");
  prompting.reset();
  expect([prompting.mode.value, prompting.selected.value, prompting.drawing.tool.value]).toEqual([
    "foreground",
    null,
    "tap",
  ]);
});
