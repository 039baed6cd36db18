/** Which objects the save buttons save, under which names, and what is told when it fails. */
import { signal } from "@preact/signals";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { addPoint, chooseCandidate, current } from "../../src/document/document";
import { addObject, renameObject, setHidden } from "../../src/document/objects";
import { EngineError } from "../../src/engine/segmenter";
import type { Message } from "../../src/state/messages";
import { Session } from "../../src/state/session";
import { fakeModel, fakePaths, fakePhoto, settle } from "../state/fakes";

vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined }));
vi.mock("../../src/workers/decode/client", async (original) => ({
  ...(await original<object>()),
  cutoutPng: vi.fn(),
  maskPng: vi.fn(),
}));
vi.mock("../../src/state/download", async (original) => ({
  ...(await original<object>()),
  download: vi.fn(),
  copyPng: vi.fn(),
}));
const { cutoutPng, maskPng, PixelError } = await import("../../src/workers/decode/client");
const { copyPng, download } = await import("../../src/state/download");
const { Saving } = await import("../../src/features/save/saving");

fakePaths();
afterAll(() => vi.unstubAllGlobals());

const png = new Blob(["png"], { type: "image/png" });
const messages: Message[] = [];
let session: Session;
let saving: InstanceType<typeof Saving>;

const tap = async (x: number, y: number) => {
  session.edit((doc) => addPoint(doc, { x, y, label: 1 }));
  await settle();
};

beforeEach(async () => {
  vi.clearAllMocks();
  vi.mocked(cutoutPng).mockResolvedValue(png);
  vi.mocked(maskPng).mockResolvedValue(png);
  vi.mocked(copyPng).mockImplementation(async (blob) => void (await blob));
  messages.length = 0;
  session = new Session(fakePhoto("cup"), (error) => expect.fail(String(error)));
  await session.encode(fakeModel().segmenter);
  saving = new Saving(signal(session), (message) => messages.push(message));
  saving.crop.value = false;
});

const two = async () => {
  await tap(10, 10);
  session.edit(addObject);
  await tap(30, 20);
};
const downloaded = () => vi.mocked(download).mock.calls.map(([{ name }]) => name);
/** What of the last mask was handed over: its logits, by object. */
const shapes = () =>
  vi
    .mocked(maskPng)
    .mock.calls.at(-1)![0]
    .shapes.map(({ mask }) => mask);

test("nothing can be saved before something was said and answered", async () => {
  expect(saving.possible.value).toBe(false);
  await saving.saveMask();
  expect(maskPng).not.toHaveBeenCalled();
  session.edit((doc) => addPoint(doc, { x: 10, y: 10, label: 1 }));
  expect(saving.possible.value).toBe(false);
  await settle();
  expect(saving.possible.value).toBe(true);
});

test("the chosen candidate is what is saved, under the photo's name", async () => {
  await tap(10, 10);
  session.edit((doc) => chooseCandidate(doc, 2));
  await saving.saveMask();
  await saving.saveCutout();
  expect(shapes()).toEqual([session.answer.value!.mask(2)]);
  expect(downloaded()).toEqual(["cup-mask.png", "cup-cutout.png"]);
  expect(saving.toast.value).toMatchObject({ text: "cup-cutout.png · 3 bytes", file: { blob: png } });
  expect(current(session.document.value).model).toBe("discs");
});

test("one of several is saved under its own name, all visible ones together under another", async () => {
  await two();
  session.edit((doc) => renameObject(doc, 2, "Dark / corner"));
  await saving.saveMask();
  expect([downloaded(), shapes().length]).toEqual([["cup-dark-corner-mask.png"], 1]);
  saving.all.value = true;
  await saving.saveMask();
  expect([downloaded().at(-1), shapes().length]).toEqual(["cup-all-mask.png", 2]);
  session.edit((doc) => setHidden(doc, 1, true));
  expect([saving.others.value, saving.savesAll.value]).toEqual([false, false]);
});

test("where nothing was said about the active object, the others are saved", async () => {
  await two();
  session.edit(addObject);
  expect([saving.savesAll.value, saving.possible.value]).toEqual([true, true]);
  await saving.saveMask();
  expect(shapes()).toHaveLength(2);
});

test("a cut-out is as large as its object where that is wanted", async () => {
  await tap(10, 10);
  saving.crop.value = true;
  await saving.saveCutout();
  expect(vi.mocked(cutoutPng).mock.calls[0]![1]).toBe(true);
});

test("only one file is made at a time", async () => {
  await tap(10, 10);
  const first = saving.saveMask();
  expect([saving.job.value, saving.possible.value]).toEqual(["mask", false]);
  await saving.saveCutout();
  expect(cutoutPng).not.toHaveBeenCalled();
  await first;
  expect(saving.job.value).toBeNull();
});

test("a copy is handed to the clipboard within the press, before it is made", async () => {
  await tap(10, 10);
  await saving.copyCutout();
  expect(vi.mocked(copyPng).mock.calls[0]![0]).toBeInstanceOf(Promise);
  expect(saving.toast.value).toEqual({ text: "Cut-out copied", file: null });
});

test.each([
  ["no memory", () => vi.mocked(maskPng).mockRejectedValue(new PixelError("out-of-memory")), "not enough memory"],
  ["an engine", () => vi.mocked(maskPng).mockRejectedValue(new EngineError("out-of-memory", "full")), "memory"],
])("what went wrong is told, without another photo as the remedy: %s", async (_, fail, words) => {
  await tap(10, 10);
  fail();
  await saving.saveMask();
  expect(messages).toHaveLength(1);
  expect(messages[0]!.title + messages[0]!.text).toContain(words);
  expect(messages[0]!.remedy).not.toBe("choose-photo");
  expect([saving.toast.value, saving.possible.value]).toEqual([null, true]);
});

test("a clipboard that is not allowed says to save instead", async () => {
  await tap(10, 10);
  vi.mocked(copyPng).mockRejectedValue(new DOMException("", "NotAllowedError"));
  await saving.copyCutout();
  await saving.copy({ name: "cup.png", blob: png });
  expect(messages.map(({ text }) => text)).toEqual(Array(2).fill("The browser did not allow it. Save it instead."));
});
