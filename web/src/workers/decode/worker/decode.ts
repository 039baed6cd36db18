/** Makes upright pixels of a file, or says why not. */
import { hasItsEnd } from "./ending";
import { decodeHeif, loadHeif } from "./heif";
import { headerBytes, readImageHeader, type ImageHeader } from "./imageHeader";
import { upright } from "./orientation";
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
  const { header, stranger, bytes } = await look(blob);
  if (header?.size && header.size.width * header.size.height > mostPixels) throw new PixelError("too-large");
  const whole = await readWhole(blob, header, bytes);
  const bitmap =
    whole ?? (header?.kind === "jpeg" ? await byBrowser(new Blob([blob, endOfJpeg], { type: "image/jpeg" })) : null);
  if (!bitmap) throw new PixelError(stranger ?? reasonFor(header));
  if (bitmap.width * bitmap.height <= mostPixels) return { bitmap, remark: whole ? remarkOn(header) : "cut-off" };
  bitmap.close();
  throw new PixelError("too-large");
}

/** Upright. Null: the file has no end, or nobody can decode it. */
async function readWhole(blob: Blob, header: ImageHeader | null, bytes: Uint8Array): Promise<ImageBitmap | null> {
  if (header && !hasItsEnd(header, bytes)) return null;
  const bitmap = await byBrowser(blob);
  if (bitmap && header) return upright(bitmap, header, bytes);
  return bitmap ?? (header?.kind === "heif" ? byLibrary(blob) : null);
}

const remarkOn = (header: ImageHeader | null): Remark | null =>
  header?.moves ? "first-of-several" : header?.deep ? "fewer-bits" : null;

/** With an end, a browser decodes what is there of a JPEG; the rest is grey. Other kinds are the page's affair: mend.ts. */
const endOfJpeg = Uint8Array.of(0xff, 0xd9);

/** `bytes`: of a picture all of them. */
async function look(blob: Blob) {
  const start = new Uint8Array(await blob.slice(0, headerBytes).arrayBuffer());
  const header = readImageHeader(start);
  const bytes = header ? new Uint8Array(await blob.arrayBuffer()) : start;
  return { header, stranger: header ? null : recogniseStranger(bytes), bytes };
}

/** Of an animation a browser takes the first picture. */
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
