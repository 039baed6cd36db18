/** The list of objects: what its buttons and keys do, and what is said of it. */
import { signal } from "@preact/signals";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { imagePoint } from "../../src/engine/core/geometry";
import { Objects } from "../../src/features/objects/objects";
import { Prompting } from "../../src/state/prompting";
import { Session } from "../../src/state/session";
import { Viewport } from "../../src/state/viewport";
import { fakeModel, fakePaths, fakePhoto, settle } from "../state/fakes";

fakePaths();
afterAll(() => vi.unstubAllGlobals());

let session: Session;
let prompting: Prompting;
let objects: Objects;

const tap = async (x: number, y: number) => {
  prompting.tap(imagePoint(x, y));
  await settle();
};
/** From the top. */
const names = () => objects.list.value.map(({ name }) => name).toReversed();

beforeEach(async () => {
  session = new Session(fakePhoto(), (error) => expect.fail(String(error)));
  await session.encode(fakeModel().segmenter);
  const shown = signal(session);
  prompting = new Prompting(shown, new Viewport(), () => undefined);
  objects = new Objects(shown, prompting);
  await tap(10.5, 10.5);
});

const second = async () => {
  objects.add();
  await tap(30.5, 20.5);
};

test("one object shows no list, and a blank one is not followed by another", async () => {
  expect([objects.listed.value, objects.canAdd.value]).toEqual([false, true]);
  prompting.mode.value = "background";
  objects.add();
  expect([objects.listed.value, objects.canAdd.value, names()]).toEqual([true, false, ["Object 2", "Object 1"]]);
  expect([prompting.mode.value, objects.said.value]).toEqual(["foreground", "Object 2 is new: tap it on the photo."]);
  objects.add();
  expect(names()).toHaveLength(2);
});

test("a copy has the same mask until it is edited", async () => {
  await second();
  const mask = session.edited.value!.answer;
  objects.duplicate(2);
  await settle();
  expect([names(), objects.said.value]).toEqual([["Object 2 copy", "Object 2", "Object 1"], "Object 2 copy made."]);
  expect(session.edited.value!.answer).toBe(mask);
  await tap(20.5, 10.5);
  expect(session.edited.value!.answer).not.toBe(mask);
  objects.select(2);
  expect(session.edited.value!.answer).toBe(mask);
});

test("deleting is undone with the mask", async () => {
  await second();
  const mask = session.edited.value!.answer;
  objects.remove(2);
  expect([names(), objects.said.value]).toEqual([["Object 1"], "Object 2 deleted. Undo brings it back."]);
  prompting.undo();
  expect([names(), session.edited.value!.answer]).toEqual([["Object 2", "Object 1"], mask]);
});

test("the order changes by places, and the place is said as the list shows it", async () => {
  await second();
  objects.move(1, -1);
  expect([names(), objects.said.value]).toEqual([["Object 1", "Object 2"], "Object 1: place 1 of 2."]);
  objects.move(1, 1);
  expect([names(), objects.said.value]).toEqual([["Object 2", "Object 1"], "Object 1: place 2 of 2."]);
});

test("a name is taken once, or given up", async () => {
  await second();
  objects.renaming.value = 2;
  objects.rename(2, "Saucer");
  objects.rename(2, "Too late");
  objects.renaming.value = 1;
  objects.rename(1, null);
  expect([names(), objects.renaming.value]).toEqual([["Saucer", "Object 1"], null]);
});

test("a hidden object is not what a tap finds", async () => {
  await second();
  objects.toggle(1);
  objects.add();
  await tap(10.5, 10.5);
  expect(session.active.value.id).toBe(3);
  prompting.undo();
  objects.toggle(1);
  await tap(10.5, 10.5);
  expect(session.active.value.id).toBe(1);
});
