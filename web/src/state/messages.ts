/** Words for what went wrong: what happened, what was kept, and what helps. */
import { EngineError, type EngineErrorCode } from "../engine/segmenter";
import { PixelError, type PixelErrorCode, type Remark } from "../workers/decode/client";
import { counted, t, type Text } from "../i18n/translate";

/** What a message's button does. */
export type Remedy = "choose-photo" | "load-again" | "ask-again" | "read-again" | "reload-page";

export interface Message {
  readonly tone: "error" | "note";
  readonly title: string;
  readonly text: string;
  readonly remedy?: Remedy;
}

export const remedyLabels: Record<Remedy, Text> = {
  "choose-photo": "Choose another photo",
  "load-again": "Load again",
  "ask-again": "Try again",
  "read-again": "Try again",
  "reload-page": "Reload the page",
};

/** A message before it is said in the page's language. An empty text: the error's own words say it better. */
interface Draft {
  readonly title: Text;
  readonly text: Text | "";
  readonly remedy?: Remedy;
}

const say = (tone: Message["tone"], { title, text, remedy }: Draft): Message => ({
  tone,
  title: t(title),
  text: text && t(text),
  remedy,
});

const photoMessages: Record<PixelErrorCode, Draft> = {
  "not-an-image": {
    title: "This is not a picture",
    text: "Photos such as JPEG, PNG or WebP can be opened.",
    remedy: "choose-photo",
  },
  undecodable: {
    title: "This picture cannot be read",
    text: "The file is damaged, or this browser does not know its format.",
    remedy: "choose-photo",
  },
  "too-large": {
    title: "This photo is too large",
    text: "Up to 120 megapixels can be opened.",
    remedy: "choose-photo",
  },
  "out-of-memory": {
    title: "There is not enough memory",
    text: "Close other tabs, or use a smaller photo.",
    remedy: "choose-photo",
  },
  "file-gone": {
    title: "This file cannot be read any more",
    text: "It was moved, changed or deleted after it was chosen. Choose it again.",
    remedy: "choose-photo",
  },
  failed: {
    title: "This picture could not be worked on",
    text: "The browser does not say why. Try again, or reload the page; a smaller photo needs less memory.",
    remedy: "choose-photo",
  },
  "no-decoder": {
    title: "HEIC photos need one more download",
    text: "This browser cannot open them by itself, and the decoder could not be loaded. Connect once and try again, or save the photo as JPEG.",
    remedy: "choose-photo",
  },
  tiff: {
    title: "This is a TIFF or a camera's raw file",
    text: "This browser cannot open it. Save it as JPEG or PNG first.",
    remedy: "choose-photo",
  },
  raw: {
    title: "This is a camera's raw file",
    text: "It has to be developed first. Save it as JPEG or PNG, then open that.",
    remedy: "choose-photo",
  },
  avif: {
    title: "This AVIF picture cannot be read",
    text: "The file is damaged, or this browser does not know AVIF. Save it as JPEG or PNG.",
    remedy: "choose-photo",
  },
  "jpeg-xl": {
    title: "This is a JPEG XL picture",
    text: "This browser cannot open it. Save it as JPEG or PNG first.",
    remedy: "choose-photo",
  },
  pdf: {
    title: "This is a PDF",
    text: "Save the page as a picture, or take a screenshot of it, and open that.",
    remedy: "choose-photo",
  },
  drawing: {
    title: "This is an SVG drawing",
    text: "It is made of shapes, not of pixels. Export it as PNG first.",
    remedy: "choose-photo",
  },
  video: {
    title: "This is a video",
    text: "Save one of its frames as a picture, or take a screenshot, and open that.",
    remedy: "choose-photo",
  },
  photoshop: { title: "This is a Photoshop file", text: "Export it as PNG or JPEG first.", remedy: "choose-photo" },
  "empty-mask": {
    title: "There is nothing to save",
    text: "The mask is empty. Tap an object, or choose another candidate.",
  },
};

const engineMessages: Record<EngineErrorCode, Draft> = {
  manifest: { title: "The list of models is wrong", text: "", remedy: "load-again" },
  download: { title: "The model could not be downloaded", text: "", remedy: "load-again" },
  damaged: { title: "The model file is damaged", text: "", remedy: "load-again" },
  "no-provider": { title: "The model does not run here", text: "", remedy: "load-again" },
  "provider-lost": { title: "The model stopped", text: "", remedy: "load-again" },
  "out-of-memory": {
    title: "There is not enough memory",
    text: "Close other tabs, or use a smaller photo.",
    remedy: "read-again",
  },
  "bad-input": { title: "The model cannot answer that", text: "", remedy: "ask-again" },
  aborted: { title: "Stopped", text: "" },
};

const remarks: Record<Remark, Draft> = {
  "first-of-several": {
    title: "Only the first picture is used",
    text: "This file is an animation or a series. What you save is cut out of its first picture.",
  },
  "fewer-bits": {
    title: "Opened with 8 bits a channel",
    text: "This file has 16. What you save has 8, which the eye cannot tell apart; your file is unchanged.",
  },
  "cut-off": {
    title: "A part of this file is missing",
    text: "It was not copied or downloaded completely. What could not be read is grey.",
  },
};

/** What of a file cannot be seen in the page. */
export const remarkMessage = (remark: Remark): Message => say("note", remarks[remark]);

/** Says that an open photo is still there. */
export function photoMessage(error: unknown, kept: boolean): Message {
  const message = error instanceof PixelError ? say("error", photoMessages[error.code]) : engineMessage(error);
  return kept ? { ...message, text: `${message.text} ${t("Your open photo is unchanged.")}` } : message;
}

/** Errors of the engine carry a sentence of their own, in English, which knows the details. */
export function engineMessage(error: unknown): Message {
  if (!(error instanceof EngineError)) {
    const text = error instanceof Error ? error.message : String(error);
    return { tone: "error", title: t("Something went wrong"), text, remedy: "reload-page" };
  }
  const message = say("error", engineMessages[error.code]);
  return { ...message, text: message.text || error.message };
}

export const lostMessage = (): Message =>
  say("note", {
    title: "The graphics processor was lost",
    text: "The model starts again elsewhere. Your photo and your points are kept.",
  });

export const storageMessage = (): Message =>
  say("note", {
    title: "Storage is full or switched off",
    text: "The model stays in memory only: it works now, and is downloaded again next time.",
  });

export const keptNotMessage = (): Message =>
  say("note", {
    title: "Photos are not kept here",
    text: "Storage is full or switched off. Everything works, but photos and points are gone when the page is closed. Save what you need.",
  });

export const damagedMessage = (): Message =>
  say("note", {
    title: "The points of this photo could not be read",
    text: "What was kept of them is damaged. The photo itself is here.",
  });

export const editedElsewhereMessage = (): Message =>
  say("note", {
    title: "This photo is being edited in another tab",
    text: "The last change is kept: what you do here takes the place of what was done there. To go on from there, reload this page.",
    remedy: "reload-page",
  });

/** @param names Of the files that were left out. */
export const unreadableMessage = (names: readonly string[]): Message => ({
  tone: "error",
  title: counted(
    names.length,
    "One file is no picture that can be read",
    "{count} files are no pictures that can be read",
  ),
  text: t("The others were opened. Left out: {names}.", { names: names.join(", ") }),
});

export const foreignManifestMessage = (): Message =>
  say("error", {
    title: "Models come from this site only",
    text: "The manifest in the address is on another site; the built-in model is used.",
  });

/** @param names Of what the browser lacks. */
export const tooOldMessage = (names: readonly string[]): Message => ({
  tone: "error",
  title: t("This browser is too old for Tapmask"),
  text: t("It lacks {names}. Update it, or open this page in another browser.", { names: names.join(", ") }),
});

export const addressMessage = (): Message =>
  say("note", {
    title: "This is only the address of a picture",
    text: "Nothing is fetched from other pages. Save the picture and open the file, or copy the picture itself and paste it here.",
  });

export const sharedNothingMessage = (): Message =>
  say("error", {
    title: "The shared photo did not arrive",
    text: "Storage may be full, or it was opened before. Share it again, or choose it here.",
    remedy: "choose-photo",
  });
