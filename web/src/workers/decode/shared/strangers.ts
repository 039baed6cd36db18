/**
 * Files that people take for photos and that cannot be opened: what they are, so that the message can say what helps.
 */
import { readBrands } from "./brands";

export type Stranger = "raw" | "pdf" | "drawing" | "video" | "photoshop" | "jpeg-xl";

/** Null: none of them. TIFF is left out: some browsers open it, and most raw files are TIFF inside. */
export function recogniseStranger(bytes: Uint8Array): Stranger | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length));
  const start = text(0, 16);
  if (start.startsWith("%PDF-")) return "pdf";
  if (/^8BP[SB]/.test(start)) return "photoshop";
  if (/^(FUJIFILMCCD-RAW|II(U\0|RO|RS)|MMOR|FOVb|\0MRM)/.test(start)) return "raw";
  if (start.startsWith("\xff\x0a") || text(4, 8) === "JXL \r\n\x87\n") return "jpeg-xl";
  if (start.startsWith("\x1a\x45\xdf\xa3") || /^RIFF.{4}AVI /s.test(start)) return "video";
  if (text(4, 4) === "ftyp") return readBrands(view, text)[0] === "crx " ? "raw" : "video";
  // Text may come in UTF-16; a drawing's first tag may follow comments.
  return /<svg[\s>]/i.test(text(0, 4096).replaceAll("\0", "")) ? "drawing" : null;
}
