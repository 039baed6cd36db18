import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readImageHeader } from "../../src/workers/decode/worker/imageHeader";
import { recogniseStranger } from "../../src/workers/decode/shared/strangers";

type Part = string | number[];
const bytes = (...parts: Part[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? [...part].map((letter) => letter.charCodeAt(0)) : part)),
  );
const big = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const little = (value: number, length: number) => Array.from({ length }, (_, i) => (value >>> (8 * i)) & 255);

const png = (depth: number, ...chunks: [string, number[]][]) =>
  bytes(
    "\x89PNG\r\n\x1a\n",
    big(13),
    "IHDR",
    big(30),
    big(20),
    [depth, 2, 0, 0, 0],
    big(0),
    ...chunks.flatMap(([name, data]): Part[] => [big(data.length), name, data, big(0)]),
  );
const isoFile = (brand: string, ...others: string[]) =>
  bytes(big(16 + 4 * others.length), "ftyp", brand, big(0), ...others);
const picture = [0x2c, 0, 0, 0, 0, 5, 0, 7, 0, 0, 2, 1, 9, 0];

describe("the header of a picture", () => {
  it("tells that a PNG moves, or has 16 bits", () => {
    expect(readImageHeader(png(8, ["IDAT", [1]]))).toEqual({ kind: "png", size: { width: 30, height: 20 } });
    expect(readImageHeader(png(16, ["IDAT", [1]]))?.deep).toBe(true);
    expect(readImageHeader(png(8, ["acTL", [...big(2), ...big(0)]], ["IDAT", [1]]))?.moves).toBe(true);
    expect(readImageHeader(png(8, ["acTL", [...big(1), ...big(0)]], ["IDAT", [1]]))?.moves).toBeUndefined();
  });

  it("counts the pictures of a GIF", () => {
    const start: Part[] = ["GIF89a", [5, 0, 7, 0, 0x80, 0, 0], [0, 0, 0, 255, 255, 255]];
    const loop = [0x21, 0xff, 11, ...Array.from({ length: 11 }, () => 65), 3, 1, 0, 0, 0];
    expect(readImageHeader(bytes(...start, picture, [0x3b]))?.moves).toBeUndefined();
    expect(readImageHeader(bytes(...start, loop, picture, [0x3b]))?.moves).toBeUndefined();
    expect(readImageHeader(bytes(...start, picture, picture, [0x3b]))).toEqual({
      kind: "gif",
      size: { width: 5, height: 7 },
      moves: true,
    });
    expect(readImageHeader(bytes(...start, loop, picture.slice(0, -3), [200, 1, 2]))?.moves).toBe(true);
  });

  it("reads the size of every kind of WebP", () => {
    const webp = (kind: string, data: number[]) =>
      bytes(
        "RIFF",
        big(0),
        "WEBP",
        kind,
        big(0),
        data,
        Array.from({ length: 20 }, () => 0),
      );
    const size = { width: 400, height: 301 };
    expect(readImageHeader(webp("VP8X", [2, 0, 0, 0, ...little(399, 3), ...little(300, 3)]))).toEqual({
      kind: "webp",
      size,
      moves: true,
    });
    expect(readImageHeader(webp("VP8L", [0x2f, ...little(399 | (300 << 14), 4)]))).toEqual({ kind: "webp", size });
    expect(readImageHeader(webp("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a, ...little(400, 2), ...little(301, 2)]))).toEqual({
      kind: "webp",
      size,
    });
  });

  it("tells HEIC, AVIF and videos apart by their brands", () => {
    expect(readImageHeader(isoFile("heic"))?.kind).toBe("heif");
    expect(readImageHeader(isoFile("mif1", "heic", "miaf"))?.kind).toBe("heif");
    expect(readImageHeader(isoFile("mif1", "avif", "miaf"))?.kind).toBe("avif");
    expect(readImageHeader(isoFile("avis", "avif"))).toEqual({ kind: "avif", size: null, moves: true });
    for (const brand of ["isom", "qt  ", "crx "]) expect(readImageHeader(isoFile(brand, "mp42"))).toBeNull();
  });

  it("knows how large a HEIC is", () => {
    const file = readFileSync(new URL("../../../tests/e2e/photos/turned.heic", import.meta.url));
    expect(readImageHeader(file)).toEqual({ kind: "heif", size: { width: 320, height: 240 } });
  });

  it("takes any cut-off file for what its beginning says", () => {
    const whole = [
      png(16, ["acTL", [...big(2), ...big(0)]]),
      bytes("GIF89a", [5, 0, 7, 0, 0x80, 0, 0], picture),
      isoFile("heic", "mif1"),
      bytes("RIFF", big(0), "WEBPVP8X"),
    ];
    for (const file of whole)
      for (let length = 0; length <= file.length; length++)
        expect(() => readImageHeader(file.slice(0, length))).not.toThrow();
  });
});

describe("files that are no photos", () => {
  it.each([
    ["pdf", bytes("%PDF-1.7\n")],
    ["drawing", bytes('<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg">')],
    ["raw", isoFile("crx ")],
    ["raw", bytes("FUJIFILMCCD-RAW 0201")],
    ["raw", bytes("IIU", [0, 24, 0])],
    ["video", isoFile("isom", "mp42")],
    ["video", bytes([0x1a, 0x45, 0xdf, 0xa3])],
    ["photoshop", bytes("8BPS", [0, 1])],
    ["jpeg-xl", bytes([0xff, 0x0a, 1])],
    [null, bytes("Dear photo,")],
    [null, new Uint8Array(0)],
  ])("%s", (stranger, file) => expect(recogniseStranger(file)).toBe(stranger));
});
