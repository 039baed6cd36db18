import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readImageHeader } from "../../src/workers/decode/worker/imageHeader";
import { encodePng } from "../../src/formats/png";

const noise = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 13);

/** A PNG reader for the two filters that the writer uses. */
async function decode(blob: Blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const packed: Uint8Array[] = [];
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at))
    if (String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === "IDAT")
      packed.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const channels = bytes[25] === 6 ? 4 : 1;
  const data = inflateSync(Buffer.concat(packed));
  const stride = width * channels;
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++)
    for (let i = 0; i < stride; i++) {
      const a = i < channels ? 0 : out[y * stride + i - channels]!;
      const b = y ? out[(y - 1) * stride + i]! : 0;
      const c = y && i >= channels ? out[(y - 1) * stride + i - channels]! : 0;
      const p = a + b - c;
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      const filter = data[y * (stride + 1)];
      out[y * stride + i] = data[y * (stride + 1) + 1 + i]! + (filter === 4 ? paeth : filter === 2 ? b : Number.NaN);
    }
  return { width, height, channels, pixels: out };
}

describe("encodePng", () => {
  it.each([1, 4] as const)("keeps every pixel of %i channels, whatever the bands", async (channels) => {
    const size = { width: 13, height: 9 };
    const pixels = noise(13 * 9 * channels);
    const row = 13 * channels;
    const bands = [pixels.subarray(0, row), pixels.subarray(row, 6 * row), pixels.subarray(6 * row)];
    expect(await decode(await encodePng(size, channels, bands))).toEqual({ ...size, channels, pixels });
  });

  it("passes on what goes wrong in a band", async () => {
    function* broken(): Generator<Uint8Array> {
      yield new Uint8Array(3);
      throw new RangeError("no memory");
    }
    await expect(encodePng({ width: 3, height: 2 }, 1, broken())).rejects.toThrow("no memory");
  });
});

describe("readImageHeader", () => {
  const bytes = (...parts: (string | number[])[]) =>
    Uint8Array.from(
      parts.flatMap((part) => (typeof part === "string" ? [...part].map((letter) => letter.charCodeAt(0)) : part)),
    );

  it("reads sizes without decoding", async () => {
    const png = new Uint8Array(
      await (await encodePng({ width: 300, height: 2 }, 1, [new Uint8Array(600)])).arrayBuffer(),
    );
    expect(readImageHeader(png)).toEqual({ kind: "png", size: { width: 300, height: 2 } });
    const app = [0xff, 0xe1, 0, 6, 1, 2, 3, 4];
    const frame = [0xff, 0xc2, 0, 17, 8, 0x01, 0x02, 0x03, 0x04, 3];
    expect(readImageHeader(bytes([0xff, 0xd8], app, frame, [0, 0]))).toEqual({
      kind: "jpeg",
      size: { width: 0x0304, height: 0x0102 },
    });
    expect(readImageHeader(bytes("GIF89a", [5, 0, 7, 0]))).toEqual({ kind: "gif", size: { width: 5, height: 7 } });
  });

  it("knows what is a picture at all", () => {
    expect(readImageHeader(bytes("RIFF....WEBP"))?.kind).toBe("webp");
    expect(readImageHeader(bytes("....ftypheic"))?.kind).toBe("heif");
    expect(readImageHeader(bytes("hello, I am a text named .jpg"))).toBeNull();
    expect(readImageHeader(new Uint8Array(0))).toBeNull();
    expect(readImageHeader(bytes([0xff, 0xd8, 0xff, 0xe1, 0xff]))).toEqual({ kind: "jpeg", size: null });
  });
});
