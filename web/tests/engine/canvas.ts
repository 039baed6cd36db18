/** Stand-ins for bitmaps and canvases: `pixels` are RGBA, or null where the browser lost them. */
import { vi } from "vitest";

export class FakeBitmap {
  closed = false;

  constructor(
    readonly width: number,
    readonly height: number,
    readonly pixels: Uint8ClampedArray | null,
  ) {}

  close(): void {
    this.closed = true;
  }
}

export class FakeImageData {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
    readonly height: number,
  ) {}
}

class FakeCanvas {
  private drawn: { bitmap: FakeBitmap; y: number } | null = null;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {}

  getContext() {
    return {
      drawImage: (bitmap: FakeBitmap, _x: number, y: number) => {
        if (bitmap.closed) throw new DOMException("The image source is detached.", "InvalidStateError");
        this.drawn = { bitmap, y };
      },
      getImageData: (_x: number, _y: number, width: number, height: number) => {
        const { bitmap, y } = this.drawn!;
        const start = y * width * 4;
        return new FakeImageData(
          bitmap.pixels?.slice(start, start + width * height * 4) ?? new Uint8ClampedArray(width * height * 4),
          width,
          height,
        );
      },
    };
  }
}

/** Puts them in the place of the browser's. `createImageBitmap` copies a bitmap, and makes one of `ImageData`. */
export function fakeCanvas(): void {
  vi.stubGlobal("ImageBitmap", FakeBitmap);
  vi.stubGlobal("ImageData", FakeImageData);
  vi.stubGlobal("OffscreenCanvas", FakeCanvas);
  vi.stubGlobal("createImageBitmap", async (source: FakeBitmap | FakeImageData) => {
    if (source instanceof FakeImageData) return new FakeBitmap(source.width, source.height, source.data);
    if (source.closed) throw new DOMException("The image source is detached.", "InvalidStateError");
    return new FakeBitmap(source.width, source.height, source.pixels);
  });
}
