/** What the first bytes of a file say: which kind of picture it is, and how large, before any of it is decoded. */

export interface ImageHeader {
  readonly kind: "png" | "jpeg" | "gif" | "webp" | "heif" | "bmp" | "tiff";
  /** Null where finding out would mean decoding. */
  readonly size: { width: number; height: number } | null;
}

/** How much of a file to read: a JPEG's size comes after its metadata. */
export const headerBytes = 2 ** 18;

/** Null: not a picture that this page knows. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  if (text(0, 8) === "\x89PNG\r\n\x1a\n" && bytes.length >= 24) return { kind: "png", size: { width: view.getUint32(16), height: view.getUint32(20) } };
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return { kind: "jpeg", size: jpegSize(view) };
  if (/^GIF8[79]a/.test(text(0, 6)) && bytes.length >= 10) return { kind: "gif", size: { width: view.getUint16(6, true), height: view.getUint16(8, true) } };
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return { kind: "webp", size: null };
  if (text(4, 4) === "ftyp" && /^(heic|heix|heim|heis|hevc|mif1|msf1|avif|avis)/.test(text(8, 4))) return { kind: "heif", size: null };
  if (text(0, 2) === "BM") return { kind: "bmp", size: null };
  if (text(0, 4) === "II*\0" || text(0, 4) === "MM\0*") return { kind: "tiff", size: null };
  return null;
}

/** Walks the segments up to the frame header (SOF), which alone carries the size. */
function jpegSize(view: DataView): ImageHeader["size"] {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
