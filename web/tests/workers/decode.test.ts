import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PixelError, read, readWithRemark } from "../../src/workers/decode/worker/decode";
import { hasItsEnd } from "../../src/workers/decode/worker/ending";
import type { ImageHeader } from "../../src/workers/decode/worker/imageHeader";

/** A browser that takes JPEG files with an end only, and gives their size in the place of their pixels. */
beforeEach(() => {
  vi.stubGlobal("createImageBitmap", async (blob: Blob) => {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (bytes.at(-2) !== 0xff || bytes.at(-1) !== 0xd9 || bytes.length < 10)
      throw new DOMException("The source image could not be decoded.", "InvalidStateError");
    return { width: bytes[10], height: bytes[8], close: () => undefined };
  });
});
afterEach(() => vi.unstubAllGlobals());

/** A frame header of 6 × 4 pixels, and what follows. */
const jpeg = (...rest: number[]) =>
  new Blob([Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 4, 0, 6, 1, 1, 0x11, 0, 0xff, 0xda, ...rest)], {
    type: "image/jpeg",
  });

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

describe("the end of a file", () => {
  const has = (kind: ImageHeader["kind"], ...bytes: number[]) =>
    hasItsEnd({ kind, size: null }, Uint8Array.from(bytes));

  it("of a JPEG is not that of the small copy in its metadata, and may be followed by something else", () => {
    const copy = [0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9, 0xff, 0xda, 0, 2];
    expect(has("jpeg", ...copy, 1, 2, 3)).toBe(false);
    expect(has("jpeg", ...copy, 1, 2, 3, 0xff, 0xd9)).toBe(true);
    expect(has("jpeg", ...copy, 1, 2, 0xff, 0xd9, 7, 0xd9, 7)).toBe(true);
  });

  it("of a PNG is its last chunk", () => {
    const data = [...Array(8).fill(0), 0, 0, 0, 2, 0x49, 0x44, 0x41, 0x54, 1, 2, 9, 9, 9, 9];
    const end = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
    expect(has("png", ...data)).toBe(false);
    expect(has("png", ...data, ...end)).toBe(true);
    expect(has("png", ...data, ...end, 5, 6)).toBe(true);
  });

  it("of a GIF is a sign, of a BMP and a WebP the length that it states", () => {
    expect([has("gif", 1, 2), has("gif", 1, 0x3b), has("gif", 1, 0x3b, 0)]).toEqual([false, true, true]);
    expect([has("bmp", 0, 0, 7, 0, 0, 0), has("bmp", 0, 0, 6, 0, 0, 0)]).toEqual([false, true]);
    const riff = [0, 0, 0, 0, 2, 0, 0, 0, 1];
    expect([has("webp", ...riff), has("webp", ...riff, 1)]).toEqual([false, true]);
  });

  it("is not looked for where half a file is none", () => {
    expect(has("avif", 1)).toBe(true);
  });
});
