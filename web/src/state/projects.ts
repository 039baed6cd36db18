/** Project files in the page: one is made of what is open, and what is chosen or dropped may be one. */
import type { Document } from "../document/document";
import { revive } from "../document/objects";
import { ProjectError, type ProjectErrorCode } from "../document/projectError";
import type { Message } from "./messages";
import type { Session } from "./session";
import { t, type Text } from "../i18n/translate";

export const projectEnding = ".tapmask";

const pictures = "image/*,.heic,.heif";

/**
 * For the file dialog. A phone that is asked for pictures only shows its own choice of photos, which is better; there,
 * projects have a button in the settings.
 */
export const acceptedFiles = matchMedia("(hover: hover) and (pointer: fine)").matches
  ? `${pictures},${projectEnding}`
  : pictures;

export interface OpenedProject {
  readonly photo: File;
  readonly document: Document;
  readonly model: string | null;
}

const zipMagic = [0x50, 0x4b, 0x03, 0x04];

/** By its name, or as any ZIP: no photo is one. */
export async function isProject(blob: Blob, name: string): Promise<boolean> {
  if (name.toLowerCase().endsWith(projectEnding)) return true;
  const start = new Uint8Array(await blob.slice(0, zipMagic.length).arrayBuffer());
  return zipMagic.every((byte, i) => start[i] === byte);
}

/** @throws ProjectError */
export async function readProject(blob: Blob): Promise<OpenedProject> {
  const { unpackProject } = await import("../document/project");
  const { photo, document, model } = unpackProject(new Uint8Array(await blob.arrayBuffer()));
  return { photo: new File([photo.bytes], photo.name, { type: photo.type }), document: revive(document), model };
}

/** @param photoName With its ending. */
export async function writeProject(
  { photo, document }: Session,
  photoName: string,
  model: string | null,
): Promise<Blob> {
  const { packProject } = await import("../document/project");
  const bytes = new Uint8Array(await photo.blob.arrayBuffer());
  return new Blob(
    packProject({ photo: { name: photoName, type: photo.blob.type, bytes }, document: document.peek(), model }),
    { type: "application/zip" },
  );
}

const words: Record<ProjectErrorCode, { readonly title: Text; readonly text: Text }> = {
  damaged: {
    title: "This project file is damaged",
    text: "It was not saved or copied completely. An earlier copy may help.",
  },
  newer: {
    title: "This project is from a newer Tapmask",
    text: "Reload the page to get the new version, then open it again.",
  },
  "not-a-project": {
    title: "This is not a Tapmask project",
    text: "Project files end in .tapmask. They are made with More, beside Save.",
  },
};

/** Null: the error is about something else. */
export function projectMessage(error: unknown, photoIsOpen: boolean): Message | null {
  if (!(error instanceof ProjectError)) return null;
  const { title, text } = words[error.code];
  return {
    tone: "error",
    title: t(title),
    text: photoIsOpen ? `${t(text)} ${t("Your open photo is unchanged.")}` : t(text),
    remedy: error.code === "newer" ? "reload-page" : "choose-photo",
  };
}

/** The masks are asked for anew, and another model answers otherwise. */
export const otherModelMessage = (): Message => ({
  tone: "note",
  title: t("Another model is running"),
  text: t("The project was made with a different one: its masks may look a little different here."),
});
