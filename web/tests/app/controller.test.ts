/** Photos, models and messages brought together: what stays when something fails. */
import type { Signal } from "@preact/signals";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { addPoint } from "../../src/document/document";
import { EngineError } from "../../src/engine/segmenter";
import type { EnginePhase } from "../../src/state/engine";
import { PixelError } from "../../src/workers/decode/client";
import { fakeModel, fakePaths, fakePhoto, settle } from "../state/fakes";

const reload = vi.fn();
for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, () => undefined);
vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined }));
vi.stubGlobal("document", { addEventListener: () => undefined, querySelector: () => null });
vi.stubGlobal("location", { reload });
fakePaths();
vi.mock("../../src/state/engine", async () => {
  const signals = await import("@preact/signals");
  class Engine {
    readonly phase = signals.signal<EnginePhase>({ state: "loading", progress: null });
    readonly segmenter = signals.computed(() =>
      this.phase.value.state === "running" ? this.phase.value.segmenter : null,
    );
    readonly manifest = new URL("https://app.test/models/manifest.json");
    load = vi.fn(async () => undefined);
    stop = vi.fn();
    constructor(
      _: unknown,
      readonly onLost: (error: EngineError, lost: string) => void,
    ) {}
  }
  return { Engine };
});
vi.mock("../../src/features/library/thumbnails", () => ({ photoThumbnail: async () => null }));
vi.mock("../../src/state/photo", async (original) => ({
  ...(await original<object>()),
  Photo: {
    open: async (blob: Blob, name: string) => {
      const text = await blob.text();
      if (text.startsWith("bad")) throw new PixelError("not-an-image");
      return Object.assign(fakePhoto(name.replace(/\..*/, ""), blob), {
        remark: text === "moving" ? "first-of-several" : null,
      });
    },
  },
}));
const { Controller } = await import("../../src/app/controller");
afterAll(() => vi.unstubAllGlobals());

/** Only to be written to: what runs is up to the test. */
const phaseOf = (controller: InstanceType<typeof Controller>) => controller.engine.phase as Signal<EnginePhase>;
const lose = (controller: InstanceType<typeof Controller>, provider: string) => {
  const engine = controller.engine as unknown as { onLost(error: EngineError, lost: string): void };
  engine.onLost(new EngineError("provider-lost", "gone"), provider);
};

let controller: InstanceType<typeof Controller>;
let model: ReturnType<typeof fakeModel>;
const run = (of = model) => (phaseOf(controller).value = { state: "running", segmenter: of.segmenter });
const open = async (name: string, text = name) => {
  await controller.open(new Blob([text]), `${name}.jpg`);
  await settle();
};
const shown = () => controller.session.value?.photo.name ?? null;
const state = () => controller.status.value.state;

beforeEach(() => {
  model = fakeModel();
  controller = new Controller({ manifest: new URL("https://app.test/models/manifest.json") });
});
afterEach(() => controller.home());

test("photo and model come together, whichever is first", async () => {
  await open("cup");
  expect([shown(), controller.session.value!.encoded.value]).toEqual(["cup", false]);
  run();
  await settle();
  expect([controller.session.value!.encoded.value, state()]).toEqual([true, "ready"]);
  await open("cat");
  expect([shown(), controller.session.value!.encoded.value, model.encode.mock.calls.length]).toEqual(["cat", true, 2]);
});

test("a file that is no photo leaves the open one, with all that was said about it", async () => {
  run();
  await open("cup");
  const session = controller.session.value!;
  session.edit((doc) => addPoint(doc, { x: 10, y: 10, label: 1 }));
  await settle();
  await open("letter", "bad letter");
  expect(controller.session.value).toBe(session);
  expect(controller.shownMessage.value).toMatchObject({ tone: "error", title: "This is not a picture" });
  expect(controller.shownMessage.value!.text).toContain("Your open photo is unchanged.");
  expect([state(), controller.opening.value]).toEqual(["error", false]);
  controller.dismiss();
  expect([controller.shownMessage.value, state()]).toEqual([null, "ready"]);
});

test("an edit takes a message away", async () => {
  run();
  await open("cup");
  await open("letter", "bad letter");
  controller.prompting.edit((doc) => addPoint(doc, { x: 1, y: 1, label: 1 }));
  expect(controller.shownMessage.value).toBeNull();
});

test("a photo that the model cannot read gives the one before it back, and is not kept", async () => {
  run();
  await open("cup");
  const session = controller.session.value!;
  model.encode.mockRejectedValueOnce(new EngineError("out-of-memory", "full"));
  await open("huge");
  expect([shown(), controller.session.value]).toEqual(["cup", session]);
  expect(controller.shownMessage.value).toMatchObject({ remedy: "choose-photo" });
  expect(controller.album.photos.value.map(({ name }) => name)).toEqual(["cup.jpg"]);
});

test("the first photo stays when it could not be read, and is read again on demand", async () => {
  run();
  model.encode.mockRejectedValueOnce(new EngineError("out-of-memory", "full"));
  await open("cup");
  expect([shown(), controller.shownMessage.value?.remedy]).toEqual(["cup", "read-again"]);
  controller.remedy("read-again");
  await settle();
  expect([controller.session.value!.encoded.value, controller.shownMessage.value]).toEqual([true, null]);
});

test("reading can be stopped: back to the photo before, or to the start", async () => {
  run();
  await open("cup");
  const slow = fakeModel("slow", { slow: true });
  model.encode.mockImplementation(slow.encode);
  await open("cat");
  expect(shown()).toBe("cat");
  controller.stopReading();
  expect([shown(), controller.session.value!.encoded.value]).toEqual(["cup", true]);
  controller.home();
  await open("dog");
  controller.stopReading();
  expect([shown(), controller.opening.value]).toEqual([null, false]);
});

test("of photos opened fast after each other the last one is shown", async () => {
  run();
  const opening = ["a", "b", "c"].map((name) => controller.open(new Blob([name]), `${name}.png`));
  await Promise.all(opening);
  await settle();
  expect([shown(), controller.opening.value, controller.session.value!.encoded.value]).toEqual(["c", false, true]);
});

test("the start can be gone back to while a photo is opened", async () => {
  run();
  const opening = controller.open(new Blob(["cup"]), "cup.png");
  controller.home();
  await opening;
  expect([shown(), controller.opening.value]).toEqual([null, false]);
});

test("of several files the first that is a photo is shown, and the others are named or kept", async () => {
  run();
  const file = (name: string, text = name) => new File([text], `${name}.png`);
  await controller.openAll([file("letter", "bad"), file("cup"), file("note", "bad too"), file("cat")]);
  await settle();
  expect(controller.album.photos.value.map(({ name }) => name)).toEqual(["cup.png", "cat.png"]);
  expect(shown()).toBe("cup");
  await controller.openAll([file("cat"), file("tree"), file("bill", "bad bill")]);
  await settle();
  expect([shown(), controller.album.photos.value.length]).toEqual(["cat", 3]);
  expect(controller.shownMessage.value!.title + controller.shownMessage.value!.text).toContain("bill.png");
});

test("a model that does not run is told until it is put away, and told again when it fails anew", () => {
  const failed = (text: string) => (phaseOf(controller).value = { state: "failed", error: new Error(text) });
  failed("first");
  expect([controller.shownMessage.value?.tone, state()]).toEqual(["error", "error"]);
  controller.dismiss();
  expect(controller.shownMessage.value).toBeNull();
  failed("second");
  expect(controller.shownMessage.value?.tone).toBe("error");
  controller.remedy("load-again");
  expect(controller.engine.load).toHaveBeenCalledOnce();
});

test("a provider that is lost keeps photo and points, and only a GPU is spoken of", async () => {
  run();
  await open("cup");
  const session = controller.session.value!;
  session.edit((doc) => addPoint(doc, { x: 10, y: 10, label: 1 }));
  await settle();
  lose(controller, "wasm");
  expect(controller.shownMessage.value).toBeNull();
  lose(controller, "webgpu");
  expect(controller.shownMessage.value).not.toBeNull();
  phaseOf(controller).value = { state: "loading", progress: null };
  expect([session.encoded.value, controller.session.value]).toEqual([false, session]);
  const other = fakeModel("other");
  run(other);
  await settle();
  expect([session.encoded.value, session.answer.value?.by]).toEqual([true, "other"]);
});

test("storage that takes no model is told", () => {
  const full = fakeModel();
  Object.assign(full.segmenter.info, { cached: false });
  run(full);
  expect(controller.shownMessage.value?.title).toContain("Storage is full");
});

test("what of a file cannot be seen here is told beside it", async () => {
  run();
  await open("gif", "moving");
  expect([shown(), controller.shownMessage.value?.tone]).toEqual(["gif", "note"]);
});

test("a sample that cannot be fetched leads to the files", async () => {
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  await controller.openSample("samples/cat.jpg", "cat.jpg");
  expect(controller.shownMessage.value).toMatchObject({ tone: "error", remedy: "choose-photo" });
});
