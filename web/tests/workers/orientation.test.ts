import { describe, expect, it } from "vitest";
import { orientationOf } from "../../src/workers/decode/worker/orientation";

const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const big = (value: number, length = 4) => Array.from({ length }, (_, i) => (value >>> (8 * (length - 1 - i))) & 255);
const little = (value: number, length = 4) => big(value, length).toReversed();

/** A directory of two entries, the second one the orientation. */
const tiff = (value: number, order: typeof big): number[] =>
  [
    letters(order === big ? "MM" : "II"),
    [order(42, 2), order(8), order(2, 2)].flat(),
    [order(0x0100, 2), order(3, 2), order(1), order(7, 2), [0, 0]].flat(),
    [order(0x0112, 2), order(3, 2), order(1), order(value, 2), [0, 0]].flat(),
  ].flat();
const chunk = (name: string, data: number[]) => [big(data.length), letters(name), data, big(0)].flat();
const png = (metadata: number[]) =>
  Uint8Array.from([Array<number>(8).fill(0), chunk("IDAT", [9]), chunk("eXIf", metadata)].flat());
const part = (name: string, data: number[]) =>
  [letters(name), little(data.length), data, data.length % 2 ? [0] : []].flat();
const webp = (metadata: number[]) =>
  Uint8Array.from([Array<number>(12).fill(0), part("VP8L", [1, 2, 3]), part("EXIF", metadata)].flat());
const box = (name: string, data: number[]) => [big(8 + data.length), letters(name), data].flat();
const avif = (...turns: number[][]) =>
  Uint8Array.from([
    ...box("ftyp", letters("avif")),
    ...box("meta", [0, 0, 0, 0, ...turns.flat()]),
    ...box("mdat", [9]),
  ]);
const of = (kind: "png" | "webp" | "avif" | "jpeg", bytes: Uint8Array) => orientationOf({ kind, size: null }, bytes);

describe("which way up a picture is", () => {
  it("is what its metadata says", () => {
    for (const value of [1, 2, 3, 4, 5, 6, 7, 8]) {
      expect(of("png", png(tiff(value, big)))).toBe(value);
      expect(of("webp", webp(tiff(value, little)))).toBe(value);
      expect(of("webp", webp([...letters("Exif"), 0, 0, ...tiff(value, little)]))).toBe(value);
    }
  });

  it("is what the boxes of an AVIF say, as libavif writes them for each orientation of EXIF", () => {
    const [irot, imir] = [(quarters: number) => box("irot", [quarters]), (axis: number) => box("imir", [axis])];
    const stored = [[], [imir(1)], [irot(2)], [imir(0)], [irot(1), imir(0)], [irot(3)], [irot(3), imir(0)], [irot(1)]];
    expect(stored.map((turns) => of("avif", avif(...turns)))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([of("avif", avif(irot(3)).slice(0, 30)), of("avif", Uint8Array.of(0, 0))]).toEqual([1, 1]);
  });

  it("is as it is stored where the metadata is damaged, or says nothing", () => {
    for (const damaged of [[], [1, 2, 3], tiff(0, big), tiff(9, big), tiff(6, big).slice(0, 24)])
      expect([of("png", png(damaged)), of("webp", webp(damaged))]).toEqual([1, 1]);
    expect([of("png", Uint8Array.of(1)), of("webp", new Uint8Array(0))]).toEqual([1, 1]);
  });

  it("is what the browser takes it for in the case of other kinds", () => {
    expect(of("jpeg", png(tiff(6, big)))).toBe(1);
  });
});
