/**
 * Turns what a browser leaves lying on its side, as the metadata in the file says: no browser turns a WebP yet, and
 * WebKit neither PNG nor AVIF. JPEG is turned by all.
 */
import type { ImageHeader } from "./imageHeader";

/** As EXIF counts: 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Where the photo's axes go, as a canvas takes it, for a stored picture of w × h pixels. */
const turns: Record<Orientation, (w: number, h: number) => [number, number, number, number, number, number]> = {
  1: () => [1, 0, 0, 1, 0, 0],
  2: (w) => [-1, 0, 0, 1, w, 0],
  3: (w, h) => [-1, 0, 0, -1, w, h],
  4: (_, h) => [1, 0, 0, -1, 0, h],
  5: () => [0, 1, 1, 0, 0, 0],
  6: (_, h) => [0, 1, -1, 0, h, 0],
  7: (w, h) => [0, -1, -1, 0, h, w],
  8: (w) => [0, -1, 1, 0, 0, w],
};

/** Pictures of 2 × 1 pixels that lie on their side: a browser that turns their kind makes 1 × 2 of them. */
const lying: Partial<Record<ImageHeader["kind"], string>> = {
  png: "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAALSURBVHicY2BgAAAAAwABuK06YwAAAABJRU5ErkJggg==",
  webp: "UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=",
  avif: "AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAPNtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAARcAAAAfAAAAKGlpbmYAAAAAAAEAAAAaaW5mZQIAAAAAAQAAYXYwMUNvbG9yAAAAAHJpcHJwAAAAUmlwY28AAAAUaXNwZQAAAAAAAAACAAAAAQAAAA5waXhpAAAAAAEIAAAADGF2MUOBABwAAAAAE2NvbHJuY2x4AAEADQAGgAAAAAlpcm90AwAAABhpcG1hAAAAAAAAAAEAAQUBAoMEhQAAACdtZGF0EgAKBxgAJpgIaDUyEhxF3dNMLFT/Wst6UacnqD8kIA==",
};

/** Consumes what the browser made of a file. @throws RangeError */
export async function upright(bitmap: ImageBitmap, header: ImageHeader, bytes: Uint8Array): Promise<ImageBitmap> {
  const orientation = orientationOf(header, bytes);
  return orientation === 1 || (await isTurned(header.kind)) ? bitmap : turned(bitmap, orientation);
}

/** Of a PNG, a WebP or an AVIF. Damaged metadata turns nothing. */
export function orientationOf({ kind }: ImageHeader, bytes: Uint8Array): Orientation {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (kind === "avif") return avifOrientation(view);
    const block = kind === "png" ? pngMetadata(view) : kind === "webp" ? webpMetadata(view) : null;
    return (block && orientationIn(block)) || 1;
  } catch {
    return 1;
  }
}

/** Does the browser turn pictures of a kind? */
async function isTurned(kind: ImageHeader["kind"]): Promise<boolean> {
  const file = Uint8Array.from(atob(lying[kind]!), (letter) => letter.charCodeAt(0));
  const { width, height } = await createImageBitmap(new Blob([file]));
  return height > width;
}

function turned(bitmap: ImageBitmap, orientation: Orientation): ImageBitmap {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(...((orientation > 4 ? [height, width] : [width, height]) as [number, number]));
  const context = canvas.getContext("2d");
  if (!context) throw new RangeError("There is no room for a canvas of this size.");
  context.setTransform(...turns[orientation](width, height));
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.transferToImageBitmap();
}

const [eXIf, EXIF, Exif] = [0x65584966, 0x45584946, 0x45786966];
const [meta, irot, imir] = [0x6d657461, 0x69726f74, 0x696d6972];

/** Null: there is none. */
function pngMetadata(view: DataView): DataView | null {
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at))
    if (view.getUint32(at + 4) === eXIf) return part(view, at + 8, view.getUint32(at));
  return null;
}

function webpMetadata(view: DataView): DataView | null {
  for (let at = 12, size = 0; at + 8 <= view.byteLength; at += 8 + size + (size & 1)) {
    size = view.getUint32(at + 4, true);
    if (view.getUint32(at) === EXIF) return part(view, at + 8, size);
  }
  return null;
}

/** By what a picture is turned to the left, in quarters, and then mirrored: not at all, top to bottom, left to right. */
const avifTurns: readonly (readonly [Orientation, Orientation, Orientation])[] = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
];

/** Of the boxes `irot` and `imir` (ISO/IEC 23008-12) in the metadata, which comes before the pixels or after them. */
function avifOrientation(view: DataView): Orientation {
  let [quarters, mirror] = [0, 0];
  for (let start = 0, size = 0; start + 8 <= view.byteLength; start += size) {
    size = view.getUint32(start) || view.byteLength;
    if (size < 8) break; // a length of 64 bits, which pixels of gigabytes have
    if (view.getUint32(start + 4) !== meta) continue;
    for (let at = start + 8; at + 9 <= Math.min(start + size, view.byteLength); at++) {
      if (view.getUint32(at) !== 9) continue;
      if (view.getUint32(at + 4) === irot) quarters = view.getUint8(at + 8) & 3;
      if (view.getUint32(at + 4) === imir) mirror = 1 + (view.getUint8(at + 8) & 1);
    }
  }
  return avifTurns[quarters]![mirror]!;
}

const part = (view: DataView, at: number, length: number): DataView =>
  new DataView(view.buffer, view.byteOffset + at, Math.min(length, view.byteLength - at));

/** Reads the first directory of a TIFF. @throws RangeError where it is damaged. */
function orientationIn(block: DataView): Orientation | null {
  const tiff = block.getUint32(0) === Exif ? part(block, 6, block.byteLength) : block;
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  for (let entry = 0; entry < tiff.getUint16(directory, little); entry++) {
    const at = directory + 2 + 12 * entry;
    if (tiff.getUint16(at, little) !== 0x0112) continue;
    const value = tiff.getUint16(at + 8, little);
    return value in turns ? (value as Orientation) : null;
  }
  return null;
}
