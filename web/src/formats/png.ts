/**
 * Writes a PNG band by band. A canvas of a whole 48-megapixel photo is more than many phones allow, and its 8-bit grey
 * is RGBA; here only one band of pixels and the compressed bytes are in memory.
 */
import { crc32 } from "./crc32";
import type { Size } from "../engine/core/geometry";

/** Of 8 bits each. 1: grey, 3: RGB, 4: RGBA. */
export type Channels = 1 | 3 | 4;

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const colourType = { 1: 0, 3: 2, 4: 6 } as const;

/**
 * @param bands The picture's rows from top to bottom, any number of whole rows at a time.
 */
export async function encodePng(
  { width, height }: Size,
  channels: Channels,
  bands: Iterable<Uint8Array | Uint8ClampedArray>,
): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [signature, chunk("IHDR", header(width, height, channels))];
  const zlib = new CompressionStream("deflate");
  const packed = collect(zlib.readable, (bytes) => parts.push(chunk("IDAT", bytes)));
  await Promise.all([write(zlib.writable, filtered(bands, width * channels, channels)), packed]);
  parts.push(chunk("IEND", new Uint8Array(0)));
  return new Blob(parts, { type: "image/png" });
}

function header(width: number, height: number, channels: Channels): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes[8] = 8;
  bytes[9] = colourType[channels];
  return bytes;
}

async function write(stream: WritableStream<BufferSource>, bands: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
  const writer = stream.getWriter();
  try {
    for (const band of bands) {
      await writer.ready;
      // Not awaited: `ready` holds back a source that is faster than the compressor. A failure shows there and in
      // `close`.
      writer.write(band).catch(() => undefined);
    }
    await writer.close();
  } catch (error) {
    // So that the reading side ends too.
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

async function collect(stream: ReadableStream<Uint8Array>, take: (bytes: Uint8Array) => void): Promise<void> {
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) take(part.value);
}

/** Puts PNG's filter byte and the filtered bytes in front of the compressor: "up" suits a mask, Paeth a photo. */
function* filtered(
  bands: Iterable<Uint8Array | Uint8ClampedArray>,
  stride: number,
  channels: Channels,
): Generator<Uint8Array<ArrayBuffer>> {
  let above: Uint8Array | Uint8ClampedArray = new Uint8Array(stride);
  for (const band of bands) {
    const rows = band.length / stride;
    const out = new Uint8Array(rows * (stride + 1));
    for (let y = 0, o = 0; y < rows; y++) {
      const row = band.subarray(y * stride, (y + 1) * stride);
      out[o++] = channels === 1 ? 2 : 4;
      if (channels === 1) for (let i = 0; i < stride; i++) out[o++] = row[i]! - above[i]!;
      else o = paeth(row, above, channels, out, o);
      above = row;
    }
    yield out;
  }
}

type Bytes = Uint8Array | Uint8ClampedArray;

function paeth(row: Bytes, above: Bytes, channels: number, out: Uint8Array, o: number): number {
  for (let i = 0; i < row.length; i++) {
    const a = i < channels ? 0 : row[i - channels]!;
    const b = above[i]!;
    const c = i < channels ? 0 : above[i - channels]!;
    const pa = Math.abs(b - c);
    const pb = Math.abs(a - c);
    const pc = Math.abs(a + b - 2 * c);
    out[o++] = row[i]! - (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
  }
  return o;
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}
