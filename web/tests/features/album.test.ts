import { signal } from "@preact/signals";
import { afterAll, afterEach, beforeEach, expect, it, vi } from "vitest";
import { addPoint, createDocument } from "../../src/document/document";
import type { Message } from "../../src/state/messages";
import type { Session } from "../../src/state/session";
import { PixelError } from "../../src/workers/decode/client";

// The page's globals that the album's modules take for granted.
for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, () => undefined);
vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined }));
/** Messages between tabs, by channel: what this one says, and how it hears. */
const said: [string, unknown][] = [];
const hears = new Map<string, (event: { data: unknown }) => void>();
class FakeChannel {
  constructor(readonly name: string) {}

  postMessage(data: unknown): void {
    said.push([this.name, data]);
  }

  addEventListener(_: "message", listener: (event: { data: unknown }) => void): void {
    hears.set(this.name, listener);
  }
}
vi.stubGlobal("BroadcastChannel", FakeChannel);
// A photo without a thumbnail.
vi.stubGlobal(
  "OffscreenCanvas",
  class {
    getContext = () => null;
  },
);
vi.stubGlobal("document", { addEventListener: () => undefined });
const { Album } = await import("../../src/features/library/album");
afterEach(() => vi.useRealTimers());
afterAll(() => vi.unstubAllGlobals());

/** As pickers hand them over: a name for bytes on the disk. */
class PickedFile extends File {
  deleted = false;

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.deleted
      ? Promise.reject(new DOMException("A requested file or directory could not be found.", "NotFoundError"))
      : super.arrayBuffer();
  }
}

let file: PickedFile;
const tell = vi.fn<(message: Message) => void>();
const session = signal<Session | null>(null);
const album = () =>
  new Album({ session, opening: signal(false), show: async () => undefined, home: () => undefined, tell });
beforeEach(() => (file = new PickedFile([Uint8Array.of(9, 8, 7)], "cup.jpg", { type: "image/jpeg", lastModified: 5 })));

it("a photo stays readable when its file is deleted", async () => {
  const { blob } = await album().place(file, file.name);
  file.deleted = true;
  expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual([9, 8, 7]);
  expect(blob).toMatchObject({ name: "cup.jpg", type: "image/jpeg", lastModified: 5 });
});

it("a file that is gone before it could be read is said to be that", async () => {
  file.deleted = true;
  await expect(album().place(file, file.name)).rejects.toEqual(new PixelError("file-gone"));
});

it("an edit is told to other tabs, and one of theirs to who sees the same photo, once", () => {
  vi.useFakeTimers();
  const here = album();
  const open = { document: signal(createDocument()), photo: { preview: { width: 4, height: 3 } } };
  here.admit({ id: "photo", name: "cup.jpg", blob: file, document: null, model: null }, open as unknown as Session);
  session.value = open as unknown as Session;
  expect(here.shown.value).toBe("photo");
  const hear = (...ids: string[]) => hears.get("tapmask-edits")!({ data: ids });

  hear("another");
  expect(tell).not.toHaveBeenCalled();
  hear("another", "photo");
  hear("photo");
  expect(tell).toHaveBeenCalledOnce();
  expect(tell.mock.calls[0]![0]).toMatchObject({
    tone: "note",
    title: "This photo is being edited in another tab",
    remedy: "reload-page",
  });

  expect(said).toEqual([]);
  open.document.value = addPoint(open.document.value, { x: 1, y: 2, label: 1 });
  vi.runAllTimers();
  expect(said).toEqual([["tapmask-edits", ["photo"]]]);
});

it("what is written is later than what it follows, even where the clock was set back", async () => {
  vi.useFakeTimers();
  const here = album();
  const written = vi.spyOn(here.store, "putDocuments").mockResolvedValue();
  vi.spyOn(here.store, "photo").mockResolvedValue(null);
  const open = { document: signal(createDocument()), photo: { preview: { width: 4, height: 3 } } };
  here.admit({ id: "photo", name: "cup.jpg", blob: file, document: null, model: null }, open as unknown as Session);
  session.value = open as unknown as Session;
  const edit = (x: number): void => {
    open.document.value = addPoint(open.document.value, { x, y: 2, label: 1 });
    vi.runAllTimers();
  };

  vi.setSystemTime(2_000_000);
  edit(1);
  vi.setSystemTime(1_000_000);
  edit(2);
  expect(written.mock.calls.map(([records]) => records[0]!.saved)).toEqual([
    expect.toSatisfy((time: number) => time >= 2_000_000),
    expect.toSatisfy((time: number) => time > 2_000_000),
  ]);

  // Another tab went on from there. What it says is later, and later still what is done here.
  const theirs = addPoint(createDocument(), { x: 9, y: 9, label: 1 });
  vi.spyOn(here.store, "document").mockResolvedValue({ document: structuredClone(theirs), saved: 3_000_000 });
  const sheet = await here.take("photo");
  expect(sheet.document).not.toBeNull();
  open.document.value = sheet.document!;
  edit(3);
  expect(written.mock.lastCall![0][0]!.saved).toBeGreaterThan(3_000_000);
});
