/** The system's share sheet, where there is one that takes such files. */
import type { SavedFile } from "../../state/download";

const types: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  svg: "image/svg+xml",
  json: "application/json",
  zip: "application/zip",
  tapmask: "application/zip",
};

const fileOf = ({ name, blob }: SavedFile): File =>
  new File([blob], name, { type: types[name.split(".").pop()!] ?? blob.type });

/** Asks by the file's name: what is in it does not matter. */
export const canShare = (name: string): boolean =>
  Boolean(navigator.share) && navigator.canShare?.({ files: [fileOf({ name, blob: new Blob(["-"]) })] }) === true;

/** Too late: the press that asked for it was too long ago, and the browser wants another one. */
export async function share(file: SavedFile): Promise<"shared" | "refused" | "too-late"> {
  try {
    await navigator.share({ files: [fileOf(file)], title: file.name });
    return "shared";
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return "refused";
    if (error instanceof DOMException && error.name === "NotAllowedError") return "too-late";
    throw error;
  }
}
