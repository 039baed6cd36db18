/** What the page and the pixel worker say to each other. */
import type { Shape } from "../../core/shape";

export type PixelErrorCode = "not-an-image" | "undecodable" | "too-large" | "out-of-memory" | "empty-mask";

export type PixelOutcome<T> = { ok: true; value: T } | { ok: false; code: PixelErrorCode };

export interface Decoded {
  /** Of the upright photo. */
  width: number;
  height: number;
  /** What the stage draws: the photo itself, or a smaller copy of a large one. */
  preview: ImageBitmap;
  /** The photo at its own resolution, where `preview` is smaller. */
  full: ImageBitmap | null;
}

/** Their union is what is saved. */
export interface Shapes {
  shapes: readonly Shape[];
  inputSize: number;
  threshold: number;
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
