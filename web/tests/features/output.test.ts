/** The save sheet's plans and files, with a stand-in for the worker that makes them. */
import { signal } from "@preact/signals";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { addPoint, current } from "../../src/document/document";
import { addObject, setHidden } from "../../src/document/objects";
import { Session } from "../../src/state/session";
import { deferred } from "../engine/fakes";
import { fakeModel, fakePaths, fakePhoto, settle } from "../state/fakes";

vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined }));
vi.mock("../../src/workers/save/client", () => {
  class MakingError extends Error {
    constructor(readonly code: string) {
      super(code);
    }
  }
  class Maker {
    preview = vi.fn(async () => ({ close: vi.fn() }));
    make = vi.fn(async (job: { kind: string; format?: string }) => new Blob(["file"], { type: typeOf(job) }));
    archive = vi.fn(async (files: readonly unknown[], onFile: (done: number) => void) => {
      onFile(files.length);
      return new Blob(["zip"], { type: "application/zip" });
    });
    setBackdrop = vi.fn(async () => undefined);
    stop = vi.fn();
  }
  const typeOf = ({ kind, format }: { kind: string; format?: string }) =>
    kind === "picture" ? `image/${format}` : kind === "mask" ? "image/png" : "text/plain";
  return { Maker, MakingError };
});
vi.mock("../../src/state/download", async (original) => ({
  ...(await original<object>()),
  download: vi.fn(),
  copyPng: vi.fn(async (blob: Promise<Blob>) => void (await blob)),
  copyText: vi.fn(async (blob: Promise<Blob>) => void (await blob)),
}));
const { copyPng, copyText, download } = await import("../../src/state/download");
const { MakingError } = await import("../../src/workers/save/client");
const { Output } = await import("../../src/features/save/output");
const { remember } = await import("../../src/features/save/choice");
const { Saving } = await import("../../src/features/save/saving");

fakePaths();
afterAll(() => vi.unstubAllGlobals());

let session: Session;
let saving: InstanceType<typeof Saving>;
let output: InstanceType<typeof Output>;
const onDone = vi.fn();
/** The stand-in behind the sheet. */
const maker = () =>
  (output as unknown as { maker: Record<"make" | "archive" | "preview" | "stop", ReturnType<typeof vi.fn>> }).maker;

const tap = async (x: number, y: number) => {
  session.edit((doc) => addPoint(doc, { x, y, label: 1 }));
  await settle();
};
const second = async () => {
  session.edit(addObject);
  await tap(30, 20);
};

beforeEach(async () => {
  vi.clearAllMocks();
  remember({ what: "one", format: "png", behind: "none", crop: false });
  session = new Session(fakePhoto("cup"), (error) => expect.fail(String(error)));
  await session.encode(fakeModel().segmenter);
  await tap(10, 10);
  saving = new Saving(signal(session), (message) => expect.fail(message.title));
  output = new Output(session, saving, onDone);
});

const job = () => output.plan.value!.files[0]!.job;

test("what there are objects for is offered, and the wish comes back when it can be had", async () => {
  expect([output.whats.value, output.what.value]).toEqual([["one"], "one"]);
  remember({ what: "each" });
  expect(output.what.value).toBe("one");
  await second();
  expect([[...output.whats.value].sort(), output.what.value]).toEqual([["all", "each", "one"], "each"]);
  remember({ what: "all", format: "coco" });
  expect([[...output.whats.value].sort(), output.what.value]).toEqual([["each", "one"], "each"]);
  session.edit((doc) => setHidden(doc, 1, true));
  expect(output.what.value).toBe("one");
});

test.each([
  ["png", "cup-cutout.png"],
  ["jpeg", "cup-cutout.jpg"],
  ["webp", "cup-cutout.webp"],
  ["mask", "cup-mask.png"],
  ["svg", "cup.svg"],
  ["coco", "cup-coco.json"],
  ["project", "cup.tapmask"],
] as const)("%s is saved as %s, and held as it is", async (format, name) => {
  remember({ format });
  expect([output.name.value, output.possible.value]).toEqual([name, true]);
  await output.save();
  expect(vi.mocked(download).mock.calls.map(([file]) => file.name)).toEqual([name]);
  expect(onDone).toHaveBeenCalledOnce();
  expect(saving.toast.value!.text).toContain(name);
  expect(saving.toast.value!.file === null).toBe(!["png", "mask"].includes(format));
  expect(current(session.document.value).model).toBe("discs");
});

test("JPEG has a background always, and quality is a share", () => {
  remember({ format: "jpeg", quality: 50, colour: "#123456" });
  expect(job()).toMatchObject({ behind: { kind: "colour", colour: "#123456" }, quality: 0.5, crop: false });
  saving.crop.value = true;
  expect(job()).toMatchObject({ crop: true });
});

test("a photo behind is to be chosen first", async () => {
  remember({ behind: "photo" });
  expect([output.needsBackdrop.value, output.possible.value]).toEqual([true, false]);
  await output.setBackdrop(new File(["wall"], "wall.jpg"));
  expect([output.needsBackdrop.value, output.possible.value]).toEqual([false, true]);
});

test("each object is a cut-out and a mask of a ZIP, which tells how far it is and can be cancelled", async () => {
  await second();
  remember({ what: "each" });
  expect(output.plan.value!.files.map(({ name }) => name)).toEqual([
    "object-1-cutout.png",
    "object-1-mask.png",
    "object-2-cutout.png",
    "object-2-mask.png",
  ]);
  const { promise, reject } = deferred<Blob>();
  maker().archive.mockImplementationOnce((_: unknown, onFile: (done: number) => void) => {
    onFile(3);
    return promise;
  });
  const working = output.save();
  expect([output.work.value, output.possible.value]).toEqual([{ done: 3, total: 4 }, false]);
  output.cancel();
  reject(new MakingError("stopped"));
  await working;
  expect([output.work.value, output.problem.value, output.possible.value]).toEqual([null, null, true]);
  expect(download).not.toHaveBeenCalled();
  await output.save();
  expect(vi.mocked(download).mock.calls[0]![0].name).toBe("cup-objects.zip");
});

test("what went wrong is said, and the sheet stays", async () => {
  maker().make.mockRejectedValueOnce(new MakingError("empty-mask"));
  await output.save();
  expect(output.problem.value).toContain("a mask is empty");
  expect(onDone).not.toHaveBeenCalled();
  await output.save();
  expect([output.problem.value, onDone.mock.calls.length]).toEqual([null, 1]);
});

test("pictures are copied as PNG, outlines as text, a ZIP not at all", async () => {
  remember({ format: "webp" });
  expect(output.copies.value).toBe("picture");
  await output.copy();
  expect(maker().make.mock.calls[0]![0]).toMatchObject({ kind: "picture", format: "png" });
  expect([vi.mocked(copyPng).mock.calls.length, saving.toast.value!.text]).toEqual([1, "Picture copied"]);
  remember({ format: "svg" });
  expect(output.copies.value).toBe("text");
  await output.copy();
  expect([vi.mocked(copyText).mock.calls.length, saving.toast.value!.text]).toEqual([1, "Text copied"]);
  await second();
  remember({ format: "png", what: "each" });
  expect(output.copies.value).toBeNull();
});

test("what kept a picture from being made is said, not what the clipboard says of it", async () => {
  maker().make.mockRejectedValueOnce(new MakingError("out-of-memory"));
  vi.mocked(copyPng).mockRejectedValueOnce(new DOMException("", "NotAllowedError"));
  await output.copy();
  expect(output.problem.value).toContain("not enough memory");
});

test("a share that comes too late asks for one more press, and the file is not made again", async () => {
  const shared = vi.fn().mockRejectedValueOnce(new DOMException("", "NotAllowedError"));
  vi.stubGlobal("navigator", { canShare: () => true, share: shared });
  expect(output.shares.value).toBe(true);
  await output.share();
  expect(output.problem.value).toContain("once more");
  await output.share();
  expect([shared.mock.calls.length, maker().make.mock.calls.length]).toEqual([2, 1]);
  expect(saving.toast.value!.text).toBe("cup-cutout.png shared");
  // Something else was chosen: it is made anew.
  remember({ format: "webp" });
  shared.mockRejectedValueOnce(new DOMException("", "AbortError"));
  await output.share();
  expect([maker().make.mock.calls.length, output.problem.value]).toEqual([2, null]);
});

test("previews follow what is chosen, and those before them are freed", async () => {
  await settle();
  const [before] = output.previews.value;
  expect(maker().preview).toHaveBeenCalledOnce();
  await output.save();
  await settle();
  expect(maker().preview).toHaveBeenCalledOnce();
  remember({ behind: "blur" });
  await settle();
  expect(maker().preview).toHaveBeenCalledTimes(2);
  expect(before!.close).toHaveBeenCalledOnce();
  const [last] = output.previews.value;
  output.close();
  expect([vi.mocked(last!.close).mock.calls.length, maker().stop.mock.calls.length]).toEqual([1, 1]);
});
