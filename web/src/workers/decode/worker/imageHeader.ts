/** What the first bytes of a file say: which kind of picture it is, and how large, before any of it is decoded. */
import { readBrands } from "../shared/brands";

export interface ImageHeader {
  readonly kind: "png" | "jpeg" | "gif" | "webp" | "heif" | "avif" | "bmp" | "tiff";
  /** As stored, which may be lying on its side. Null where finding out would mean decoding. */
  readonly size: { width: number; height: number } | null;
  /** It has more pictures than the first. */
  readonly moves?: boolean;
  /** More than 8 bits a channel, which a canvas cannot hold. */
  readonly deep?: boolean;
}

type Size = ImageHeader["size"];

/** How much of a file to read: a JPEG's size comes after its metadata. */
export const headerBytes = 2 ** 18;

/** Null: not a picture that this page knows. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  if (text(0, 8) === "\x89PNG\r\n\x1a\n" && bytes.length >= 26) return png(view, text);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return { kind: "jpeg", size: jpegSize(view) };
  if (/^GIF8[79]a/.test(text(0, 6)) && bytes.length >= 10)
    return {
      kind: "gif",
      size: { width: view.getUint16(6, true), height: view.getUint16(8, true) },
      ...marked("moves", gifMoves(bytes)),
    };
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return webp(view, text);
  if (text(4, 4) === "ftyp") return boxed(view, text);
  if (text(0, 2) === "BM") return { kind: "bmp", size: null };
  if (text(0, 4) === "II*\0" || text(0, 4) === "MM\0*") return { kind: "tiff", size: null };
  return null;
}

type Text = (at: number, length: number) => string;

const marked = (name: "moves" | "deep", is: boolean): Partial<ImageHeader> => (is ? { [name]: true } : {});

/** Chunks up to the pixels: an animation says so before them. */
function png(view: DataView, text: Text): ImageHeader {
  let moves = false;
  for (let at = 8; at + 12 <= view.byteLength && text(at + 4, 4) !== "IDAT"; at += 12 + view.getUint32(at))
    if (text(at + 4, 4) === "acTL") moves = view.getUint32(at + 8) > 1;
  return {
    kind: "png",
    size: { width: view.getUint32(16), height: view.getUint32(20) },
    ...marked("moves", moves),
    ...marked("deep", view.getUint8(24) === 16),
  };
}

/** Walks the segments up to the frame header (SOF), which alone carries the size. */
function jpegSize(view: DataView): Size {
  let at = 2;
  while (at + 9 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** Is there a second picture? Where the first one is longer than what was read, the sign to loop has to do. */
function gifMoves(bytes: Uint8Array): boolean {
  const colours = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + colours(bytes[10] ?? 0);
  let pictures = 0;
  let loops = false;
  while (at < bytes.length && bytes[at] !== 0x3b) {
    if (bytes[at] === 0x2c) {
      if (++pictures === 2) return true;
      at += 11 + colours(bytes[at + 9] ?? 0);
    } else {
      loops ||= bytes[at + 1] === 0xff;
      at += 2;
    }
    while (bytes[at]) at += bytes[at]! + 1;
    at++;
  }
  return loops && at > bytes.length;
}

function webp(view: DataView, text: Text): ImageHeader {
  if (view.byteLength < 30) return { kind: "webp", size: null };
  switch (text(12, 4)) {
    case "VP8X":
      return {
        kind: "webp",
        size: { width: (view.getUint32(24, true) & 0xffffff) + 1, height: (view.getUint32(26, true) >>> 8) + 1 },
        ...marked("moves", (view.getUint8(20) & 2) !== 0),
      };
    case "VP8L": {
      const packed = view.getUint32(21, true);
      return { kind: "webp", size: { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 } };
    }
    default:
      return {
        kind: "webp",
        size: { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff },
      };
  }
}

/** HEIC and AVIF share a container, in which videos come too. */
function boxed(view: DataView, text: Text): ImageHeader | null {
  const brands = readBrands(view, text);
  const kind = brands.some((brand) => /^avi[fs]$/.test(brand))
    ? "avif"
    : brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand))
      ? "heif"
      : null;
  return kind && { kind, size: boxedSize(view, text), ...marked("moves", /^(avis|msf1|hev[cxms])$/.test(brands[0]!)) };
}

/** The largest of the sizes it lists: a photo may be made of tiles, and has a small copy. */
function boxedSize(view: DataView, text: Text): Size {
  let size: Size = null;
  for (let at = 8; at + 16 <= view.byteLength; at++) {
    if (view.getUint8(at) !== 0x69 || text(at, 4) !== "ispe") continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (!size || width * height > size.width * size.height) size = { width, height };
  }
  return size;
}
