/** What the page and the pixel worker say to each other. */
import type { LowResMask } from "../../core/prompt";

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

export interface MaskedPhoto {
  blob: Blob;
  /** Their union is what is saved. */
  masks: readonly LowResMask[];
  inputSize: number;
  threshold: number;
}

export interface PixelApi {
  decode(blob: Blob): Promise<PixelOutcome<Decoded>>;
  full(blob: Blob): Promise<PixelOutcome<ImageBitmap>>;
  cutout(photo: MaskedPhoto, crop: boolean): Promise<PixelOutcome<Blob>>;
  mask(size: { width: number; height: number }, photo: Omit<MaskedPhoto, "blob">): Promise<PixelOutcome<Blob>>;
}
