import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PixelError, read, readWithRemark } from "../../src/workers/decode/worker/decode";

/** A browser that takes JPEG files with an end only, and gives their size in the place of their pixels. */
beforeEach(() => {
  vi.stubGlobal("createImageBitmap", async (blob: Blob) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (bytes.at(-2) !== 0xff || bytes.at(-1) !== 0xd9 || bytes.length < 10)
      throw new DOMException("The source image could not be decoded.", "InvalidStateError");
    return { width: bytes[12], height: bytes[10], close: () => undefined };
  });
});
afterEach(() => vi.unstubAllGlobals());

/** A frame header of 6 × 4 pixels, and what follows. */
const jpeg = (...rest: number[]) =>
  new Blob([Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 4, 0, 4, 3, 6, ...rest)], { type: "image/jpeg" });

describe("a JPEG", () => {
  it("whose end is missing opens, with a remark", async () => {
    expect(await readWithRemark(jpeg(1, 2, 3))).toMatchObject({ bitmap: { width: 6, height: 4 }, remark: "cut-off" });
    expect(await read(jpeg(1, 2, 3))).toMatchObject({ width: 6, height: 4 });
  });

  it("that is whole opens without one", async () => {
    expect(await readWithRemark(jpeg(1, 2, 0xff, 0xd9))).toMatchObject({ bitmap: { width: 6 }, remark: null });
  });

  it("of which next to nothing is left is still called unreadable", async () => {
    const stump = new Blob([Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)]);
    await expect(read(stump)).rejects.toEqual(new PixelError("undecodable"));
  });
});

it("no other file is given a JPEG's end", async () => {
  await expect(read(new Blob(["hello, I am a text"]))).rejects.toEqual(new PixelError("not-an-image"));
  await expect(read(new Blob(["GIF89a", Uint8Array.of(6, 0, 4, 0, 1, 2, 3)]))).rejects.toEqual(
    new PixelError("undecodable"),
  );
});
