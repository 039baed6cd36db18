import { expect, it } from "vitest";
import { lacking } from "../../src/app/lacking";

class Canvas {
  getContext = (): object => ({});
}
const whole = {
  WebAssembly: {},
  Worker: Canvas,
  createImageBitmap: () => undefined,
  OffscreenCanvas: Canvas,
} as unknown as typeof globalThis;

it("a browser that has everything lacks nothing", () => expect(lacking(whole)).toEqual([]));

it("what an old browser lacks is named", () => {
  const old = { ...whole, OffscreenCanvas: undefined, createImageBitmap: undefined } as unknown as typeof globalThis;
  expect(lacking(old)).toEqual(["createImageBitmap", "OffscreenCanvas"]);
});

it("a canvas off the screen that cannot be drawn on is none", () => {
  class Blank {
    getContext = (): null => null;
  }
  expect(lacking({ ...whole, OffscreenCanvas: Blank } as unknown as typeof globalThis)).toEqual(["OffscreenCanvas"]);
});
