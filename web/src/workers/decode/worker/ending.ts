/**
 * Does a file hold its picture to the end? Browsers disagree about those that do not: one refuses them, one fills them
 * up without a word, one makes a blank bitmap of them.
 */
import type { ImageHeader } from "./imageHeader";

const endings: Partial<Record<ImageHeader["kind"], (bytes: Uint8Array, view: DataView) => boolean>> = {
  jpeg: (bytes, view) => {
    const pixels = startOfScan(view);
    for (let at = bytes.lastIndexOf(0xd9); at > pixels; at = bytes.lastIndexOf(0xd9, at - 1))
      if (bytes[at - 1] === 0xff) return true;
    return false;
  },
  png: (_, view) => {
    for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at))
      if (view.getUint32(at + 4) === 0x49454e44) return true; // IEND
    return false;
  },
  gif: (bytes) => bytes.findLast((byte) => byte !== 0) === 0x3b,
  bmp: (_, view) => view.byteLength >= 6 && view.getUint32(2, true) <= view.byteLength,
  webp: (_, view) => view.byteLength >= 8 && view.getUint32(4, true) + 8 <= view.byteLength,
};

/** True of kinds that cannot be opened in part. */
export const hasItsEnd = ({ kind }: ImageHeader, bytes: Uint8Array): boolean =>
  endings[kind]?.(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) ?? true;

/** Where a JPEG's pixels begin: the small copy in its metadata has an end of its own. */
function startOfScan(view: DataView): number {
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda)
    at += 2 + view.getUint16(at + 2);
  return at;
}
