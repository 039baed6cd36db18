/** Makes upright pixels of a file, or says why not. */
import { decodeHeif, loadHeif } from "./heif";
import { headerBytes, readImageHeader, type ImageHeader } from "./imageHeader";
import type { PixelErrorCode, Remark } from "../shared/protocol";
import { recogniseStranger } from "../shared/strangers";

/** 480 MB of pixels. */
const mostPixels = 120_000_000;

/** What the page tells about; `failureCode` says what everything else that is thrown means. */
export class PixelError extends Error {
  constructor(readonly code: PixelErrorCode) {
    super(code);
  }
}

/** @throws PixelError */
export const read = async (blob: Blob): Promise<ImageBitmap> => (await readWithRemark(blob)).bitmap;

/** @returns What of the file is not in the pixels, too. @throws PixelError */
export async function readWithRemark(blob: Blob): Promise<{ bitmap: ImageBitmap; remark: Remark | null }> {
  const { header, stranger } = await look(blob);
  if (header?.size && header.size.width * header.size.height > mostPixels) throw new PixelError("too-large");
  const whole = (await byBrowser(blob)) ?? (header?.kind === "heif" ? await byLibrary(blob) : null);
  const bitmap =
    whole ?? (header?.kind === "jpeg" ? await byBrowser(new Blob([blob, endOfJpeg], { type: "image/jpeg" })) : null);
  if (!bitmap) throw new PixelError(stranger ?? reasonFor(header));
  if (bitmap.width * bitmap.height <= mostPixels) return { bitmap, remark: whole ? remarkOn(header) : "cut-off" };
  bitmap.close();
  throw new PixelError("too-large");
}

const remarkOn = (header: ImageHeader | null): Remark | null =>
  header?.moves ? "first-of-several" : header?.deep ? "fewer-bits" : null;

/** A browser refuses a JPEG whose end is missing. With an end, it decodes what is there; the rest is grey. */
const endOfJpeg = Uint8Array.of(0xff, 0xd9);

async function look(blob: Blob) {
  const bytes = new Uint8Array(await blob.slice(0, headerBytes).arrayBuffer());
  const header = readImageHeader(bytes);
  return { header, stranger: header ? null : recogniseStranger(bytes) };
}

/** Upright: a browser applies the EXIF orientation by default. Of an animation it takes the first picture. */
const byBrowser = (blob: Blob): Promise<ImageBitmap | null> => createImageBitmap(blob).catch(() => null);

async function byLibrary(blob: Blob): Promise<ImageBitmap | null> {
  const library = await loadHeif();
  if (!library) throw new PixelError("no-decoder");
  const pixels = await decodeHeif(library, new Uint8Array(await blob.arrayBuffer()));
  return pixels && createImageBitmap(pixels);
}

function reasonFor(header: ImageHeader | null): PixelErrorCode {
  if (!header) return "not-an-image";
  return header.kind === "tiff" || header.kind === "avif" ? header.kind : "undecodable";
}
