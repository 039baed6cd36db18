import { signal } from "@preact/signals";
import { afterAll, beforeEach, expect, it, vi } from "vitest";
import { PixelError } from "../../src/workers/decode/client";

// The page's globals that the album's modules take for granted.
for (const name of ["addEventListener", "removeEventListener"]) vi.stubGlobal(name, () => undefined);
vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener: () => undefined }));
vi.stubGlobal("BroadcastChannel", class { postMessage(): void {} addEventListener(): void {} });
vi.stubGlobal("document", { addEventListener: () => undefined });
const { Album } = await import("../../src/features/library/album");
afterAll(() => vi.unstubAllGlobals());

/** As pickers hand them over: a name for bytes on the disk. */
class PickedFile extends File {
  deleted = false;

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.deleted ? Promise.reject(new DOMException("A requested file or directory could not be found.", "NotFoundError")) : super.arrayBuffer();
  }
}

let file: PickedFile;
const album = () => new Album({ session: signal(null), opening: signal(false), show: async () => undefined, home: () => undefined, tell: () => undefined });
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
