/** Sentences for what went wrong in the save sheet: what helps, where something does. */
import { photoMessage } from "../../state/messages";
import { PixelError } from "../../workers/decode/client";
import { MakingError } from "../../workers/save/client";
import type { OutputErrorCode } from "../../workers/save/shared/protocol";
import { t, type Text } from "../../i18n/translate";

/** What is not here is about a picture that was chosen, and has its words there. */
const words: Partial<Record<OutputErrorCode, Text>> = {
  "out-of-memory": "There is not enough memory. Close other tabs, or save one object at a time.",
  "empty-mask": "There is nothing to save: a mask is empty. Choose another candidate, or hide that object.",
  "too-large-for-format":
    "This browser cannot write so large a picture in that format. Choose PNG, or crop to the object.",
  "unsupported-format": "This browser cannot write that format. Choose PNG or JPEG.",
};

export function problemOf(error: unknown): string {
  const code = error instanceof PixelError || error instanceof MakingError ? error.code : null;
  const known = code === null ? undefined : words[code as OutputErrorCode];
  if (code !== null) return known ? t(known) : pictureWords(error);
  if (error instanceof DOMException && error.name === "NotAllowedError")
    return t("The browser did not allow it. Save the file instead.");
  return error instanceof Error && error.message
    ? error.message
    : t("Something went wrong. Your photo and your objects are kept.");
}

function pictureWords(error: unknown): string {
  const { title, text } = photoMessage(error, false);
  return `${title}. ${text}`;
}
