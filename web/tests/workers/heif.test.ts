import { afterEach, describe, expect, it, vi } from "vitest";
import { displayP3ToSrgb } from "../../src/workers/decode/worker/displayP3";
import { decodeHeif } from "../../src/workers/decode/worker/heif";

/** How browsers without wide colours make pixels: `strict` ones refuse the option, others overlook it. */
function stubImageData(kind: "wide" | "strict" | "overlooks"): void {
  vi.stubGlobal(
    "ImageData",
    class {
      readonly data: Uint8ClampedArray;
      readonly colorSpace: string | undefined;

      constructor(width: number, height: number, options?: { colorSpace: string }) {
        if (width > 1000) throw new RangeError("out of memory");
        if (options && kind === "strict") throw new TypeError("colorSpace is not supported");
        this.data = new Uint8ClampedArray(width * height * 4);
        this.colorSpace = kind === "wide" ? (options?.colorSpace ?? "srgb") : undefined;
      }
    },
  );
}
afterEach(() => vi.unstubAllGlobals());

/** A decoder of one picture of one pixel. */
function library(pixel: readonly number[], width = 1): Parameters<typeof decodeHeif>[0] {
  const display = (into: ImageData, done: (result: ImageData) => void) => (into.data.set(pixel), done(into));
  const image = { get_width: () => width, get_height: () => 1, is_primary: () => true, display, free: () => undefined };
  return {
    HeifDecoder: class {
      decoder = null;
      decode = () => [image];
    },
    heif_context_free: () => undefined,
  };
}

const profile = Uint8Array.from([1, 2, ...[..."Display P3"].flatMap((letter) => [0, letter.charCodeAt(0)]), 3]);
const plain = new Uint8Array(40);
/** sRGB's red, as Display-P3 says it. */
const red = [234, 51, 35, 255];

describe("a HEIC photo", () => {
  it.each(["strict", "overlooks"] as const)("with wide colours keeps them where a browser %s", async (kind) => {
    stubImageData(kind);
    expect([...(await decodeHeif(library(red), profile))!.data]).toEqual([255, 0, 0, 255]);
    expect([...(await decodeHeif(library(red), plain))!.data]).toEqual(red);
  });

  it("stays in its colour space where the browser has it", async () => {
    stubImageData("wide");
    const pixels = await decodeHeif(library(red), profile);
    expect([pixels!.colorSpace, ...pixels!.data]).toEqual(["display-p3", ...red]);
  });

  it("too large for this machine is said to be that", async () => {
    stubImageData("strict");
    await expect(decodeHeif(library(red, 1001), profile)).rejects.toThrow(RangeError);
  });
});

describe("displayP3ToSrgb", () => {
  it("leaves greys and opacity alone", () => {
    const greys = Uint8ClampedArray.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? i >> 3 : i >> 2));
    const converted = greys.slice();
    displayP3ToSrgb(converted);
    expect(converted).toEqual(greys);
  });

  it("takes what sRGB cannot show to its border, and the rest where the primaries of both spaces put it", () => {
    const pixels = Uint8ClampedArray.from([0, 255, 0, 255, 0, 0, 255, 255, 200, 150, 100, 255, 40, 90, 200, 128]);
    displayP3ToSrgb(pixels);
    expect([...pixels]).toEqual([0, 255, 0, 255, 0, 0, 255, 255, 209, 147, 91, 255, 10, 91, 207, 128]);
  });
});
