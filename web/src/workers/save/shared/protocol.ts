/** What the page and the output worker say to each other. */
import type { PixelErrorCode, Shapes } from "../../decode/shared/protocol";

export type OutputErrorCode = PixelErrorCode | "too-large-for-format" | "unsupported-format";

export type OutputOutcome<T> = { ok: true; value: T } | { ok: false; code: OutputErrorCode };

export type PictureFormat = "png" | "jpeg" | "webp";

/** What is behind the objects. */
export type Behind =
  | { readonly kind: "none" }
  /** `#rrggbb` */
  | { readonly kind: "colour"; readonly colour: string }
  /** Sigma, as a part of the photo's longer side. */
  | { readonly kind: "blur"; readonly amount: number }
  /** The picture that was handed over last. */
  | { readonly kind: "photo" };

/** What is opaque. Equal keys mean equal shapes, so that the worker may keep what it knows of them. */
export interface Selection {
  readonly key: string;
  readonly shapes: Shapes;
}

export interface NamedSelection extends Selection {
  readonly name: string;
  readonly colour: string;
}

/** A file to be made. */
export type Job =
  | {
      readonly kind: "picture";
      readonly selection: Selection;
      readonly crop: boolean;
      readonly behind: Behind;
      readonly format: PictureFormat;
      /** 0 to 1, for JPEG and WebP. */ readonly quality: number;
    }
  | { readonly kind: "mask"; readonly selection: Selection }
  | { readonly kind: "svg"; readonly title: string; readonly objects: readonly NamedSelection[] }
  | { readonly kind: "coco"; readonly file: string; readonly objects: readonly NamedSelection[] };

export interface PlannedFile {
  readonly name: string;
  readonly job: Job;
}

export interface OutputApi {
  /** Comes first. */
  open(photo: ImageBitmap): void;
  /** Another photo to put objects in front of. */
  setBackdrop(picture: ImageBitmap): void;
  /** A small picture of what would be made, at most `side` pixels wide and high. */
  preview(job: Job, side: number): Promise<OutputOutcome<ImageBitmap>>;
  make(job: Job): Promise<OutputOutcome<Blob>>;
  /** A ZIP of several files. @param onFile Told how many are in it. */
  archive(files: readonly PlannedFile[], onFile: (done: number) => void): Promise<OutputOutcome<Blob>>;
}
