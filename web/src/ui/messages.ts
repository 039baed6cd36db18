/** Words for what went wrong: what happened, what was kept, and what helps. */
import { EngineError, type EngineErrorCode } from "../engine/segmenter";
import { PixelError, type PixelErrorCode } from "./pixels/pixels";

/** What a message's button does. */
export type Remedy = "choose-photo" | "load-again" | "ask-again" | "read-again" | "reload-page";

export interface Message {
  readonly tone: "error" | "note";
  readonly title: string;
  readonly text: string;
  readonly remedy?: Remedy;
}

export const remedyLabels: Record<Remedy, string> = {
  "choose-photo": "Choose another photo",
  "load-again": "Load again",
  "ask-again": "Try again",
  "read-again": "Try again",
  "reload-page": "Reload the page",
};

const photoMessages: Record<PixelErrorCode, Omit<Message, "tone">> = {
  "not-an-image": { title: "This is not a picture", text: "Photos such as JPEG, PNG or WebP can be opened.", remedy: "choose-photo" },
  undecodable: { title: "This picture cannot be read", text: "The file is damaged, or this browser does not know its format.", remedy: "choose-photo" },
  "too-large": { title: "This photo is too large", text: "Up to 120 megapixels can be opened.", remedy: "choose-photo" },
  "out-of-memory": { title: "There is not enough memory", text: "Close other tabs, or use a smaller photo.", remedy: "choose-photo" },
  "empty-mask": { title: "There is nothing to save", text: "The mask is empty. Tap an object, or choose another candidate." },
};

const engineMessages: Record<EngineErrorCode, Omit<Message, "tone">> = {
  manifest: { title: "The list of models is wrong", text: "", remedy: "load-again" },
  download: { title: "The model could not be downloaded", text: "", remedy: "load-again" },
  damaged: { title: "The model file is damaged", text: "", remedy: "load-again" },
  "no-provider": { title: "The model does not run here", text: "", remedy: "load-again" },
  "provider-lost": { title: "The model stopped", text: "", remedy: "load-again" },
  "out-of-memory": { title: "There is not enough memory", text: "Close other tabs, or use a smaller photo.", remedy: "read-again" },
  "bad-input": { title: "The model cannot answer that", text: "", remedy: "ask-again" },
  aborted: { title: "Stopped", text: "" },
};

/** Says that an open photo is still there. */
export function photoMessage(error: unknown, kept: boolean): Message {
  const message = error instanceof PixelError ? photoMessages[error.code] : engineWords(error);
  return { tone: "error", ...message, text: kept ? `${message.text} Your open photo is unchanged.` : message.text };
}

export const engineMessage = (error: unknown): Message => ({ tone: "error", ...engineWords(error) });

/** Errors of the engine carry a sentence of their own, which knows the details. */
function engineWords(error: unknown): Omit<Message, "tone"> {
  if (error instanceof EngineError) {
    const message = engineMessages[error.code];
    return { ...message, text: message.text || error.message };
  }
  return { title: "Something went wrong", text: error instanceof Error ? error.message : String(error), remedy: "reload-page" };
}

export const lostMessage: Message = { tone: "note", title: "The graphics processor was lost", text: "The model starts again elsewhere. Your photo and your points are kept." };

export const storageMessage: Message = {
  tone: "note",
  title: "Storage is full or switched off",
  text: "The model stays in memory only: it works now, and is downloaded again next time.",
};

export const keptNotMessage: Message = {
  tone: "note",
  title: "Photos are not kept here",
  text: "Storage is full or switched off. Everything works, but photos and points are gone when the page is closed. Save what you need.",
};

export const damagedMessage: Message = { tone: "note", title: "The points of this photo could not be read", text: "What was kept of them is damaged. The photo itself is here." };

/** @param names Of the files that were left out. */
export const unreadableMessage = (names: readonly string[]): Message => ({
  tone: "error",
  title: names.length === 1 ? "One file is no picture that can be read" : `${names.length} files are no pictures that can be read`,
  text: `The others were opened. Left out: ${names.join(", ")}.`,
});

export const foreignManifestMessage: Message = { tone: "error", title: "Models come from this site only", text: "The manifest in the address is on another site; the built-in model is used." };
