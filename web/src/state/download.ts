/** Hands files to the user: as a download, or through the clipboard. */
import type { Language } from "../i18n/languages";
import { decimal, t } from "../i18n/translate";

export interface SavedFile {
  readonly name: string;
  readonly blob: Blob;
}

export function download({ name, blob }: SavedFile): void {
  // As bytes of no known kind: Firefox opens an SVG in a new tab too. The name says what it is.
  const url = URL.createObjectURL(blob.slice(0, blob.size, "application/octet-stream"));
  const link = document.createElement("a");
  link.href = url;
  link.download = unopened(name);
  link.click();
  // The browser reads the blob after the click; a large one takes its time.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * Firefox shows a saved WebP in a new tab, whatever its type. The blank at the end keeps it from knowing the ending; it
 * saves the file without the blank. Other browsers would keep it.
 */
const unopened = (name: string): string =>
  /\.webp$/i.test(name) && navigator.userAgent.includes("Firefox/") ? `${name} ` : name;

/** Call it within the click: the picture itself may come later. */
export async function copyPng(blob: Blob | Promise<Blob>): Promise<void> {
  if (!("ClipboardItem" in globalThis) || !navigator.clipboard?.write)
    throw new Error(t("This browser cannot copy pictures."));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}

/** The same for text, whatever type its file has. */
export async function copyText(blob: Promise<Blob>): Promise<void> {
  if (!("ClipboardItem" in globalThis) || !navigator.clipboard?.write)
    throw new Error(t("This browser cannot copy text."));
  await navigator.clipboard.write([
    new ClipboardItem({ "text/plain": blob.then((file) => file.slice(0, file.size, "text/plain")) }),
  ]);
}

const units = ["bytes", "kB", "MB", "GB"] as const;

/** As people read it: 980 bytes, 12 kB, 3.4 MB, in the page's language unless another is asked for. */
export function formatBytes(bytes: number, inLanguage?: Language): string {
  const power = Math.min(bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${decimal(value, power && value < 10 ? 1 : 0, inLanguage)} ${units[power]}`;
}
