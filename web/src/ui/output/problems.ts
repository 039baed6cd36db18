/** Sentences for what went wrong in the save sheet: what helps, where something does. */
import { PixelError } from "../pixels/pixels";
import { MakingError } from "./maker";
import type { OutputErrorCode } from "./protocol";

const words: Record<OutputErrorCode, string> = {
  "not-an-image": "This file is not a picture. Choose a photo such as JPEG, PNG or WebP.",
  undecodable: "This picture cannot be read: the file is damaged, or this browser does not know its format.",
  "too-large": "This picture is too large. Up to 120 megapixels can be opened.",
  "out-of-memory": "There is not enough memory. Close other tabs, or save one object at a time.",
  "empty-mask": "There is nothing to save: a mask is empty. Choose another candidate, or hide that object.",
  "too-large-for-format": "This browser cannot write so large a picture in that format. Choose PNG, or crop to the object.",
  "unsupported-format": "This browser cannot write that format. Choose PNG or JPEG.",
};

export function problemOf(error: unknown): string {
  if (error instanceof PixelError) return words[error.code];
  if (error instanceof MakingError && error.code !== "stopped") return words[error.code];
  if (error instanceof DOMException && error.name === "NotAllowedError") return "The browser did not allow it. Save the file instead.";
  return error instanceof Error && error.message ? error.message : "Something went wrong. Your photo and your objects are kept.";
}
