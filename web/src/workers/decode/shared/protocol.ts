/** What the page and the pixel worker say to each other. */
import type { FramedShape } from "../../../postprocess/cut";
import type { FailureCode } from "../../shared/failure";
import type { Stranger } from "./strangers";

export type PixelErrorCode =
  "not-an-image" | "undecodable" | "too-large" | FailureCode | "empty-mask" | "no-decoder" | "tiff" | "avif" | Stranger;

/** What of a file is not in its pixels: the other pictures of an animation, the bits beyond 8, or what was lost of it. */
export type Remark = "first-of-several" | "fewer-bits" | "cut-off";

export type PixelOutcome<T> = { ok: true; value: T } | { ok: false; code: PixelErrorCode };

export interface Decoded {
  /** Of the upright photo. */
  width: number;
  height: number;
  /** What the stage draws: the photo itself, or a smaller copy of a large one. */
  preview: ImageBitmap;
  /** The photo at its own resolution, where `preview` is smaller. */
  full: ImageBitmap | null;
  remark: Remark | null;
}

/** Their union is what is saved. */
export interface Shapes {
  shapes: readonly FramedShape[];
}

export interface MaskedPhoto extends Shapes {
  blob: Blob;
}

export interface PixelApi {
  decode(blob: Blob): Promise<PixelOutcome<Decoded>>;
  full(blob: Blob): Promise<PixelOutcome<ImageBitmap>>;
  cutout(photo: MaskedPhoto, crop: boolean): Promise<PixelOutcome<Blob>>;
  mask(photo: MaskedPhoto): Promise<PixelOutcome<Blob>>;
}
