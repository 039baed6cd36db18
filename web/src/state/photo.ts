/** A photo that is open in the page. */
import type { Region } from "../engine/core/prompt";
import type { Guide } from "../postprocess/postprocess";
import { guideOf } from "../workers/shared/light";
import { decode, decodeFull, type Remark } from "../workers/decode/client";

export class Photo {
  private constructor(
    /** The file's name without its ending. */
    readonly name: string,
    /** The file itself, from which what is saved is read again at full resolution. */
    readonly blob: Blob,
    readonly width: number,
    readonly height: number,
    /** What the stage draws; of a large photo a smaller copy. */
    readonly preview: ImageBitmap,
    private full: ImageBitmap | null,
    /** What of the file cannot be seen here. */
    readonly remark: Remark | null,
  ) {}

  /** @throws PixelError */
  static async open(blob: Blob, name: string): Promise<Photo> {
    const { width, height, preview, full, remark } = await decode(blob);
    return new Photo(stem(name), blob, width, height, preview, full, remark);
  }

  /** The photo for the encoder at its own resolution. `transfer` says that it may be handed over. */
  async forEncoder(): Promise<{ source: ImageBitmap; transfer: boolean }> {
    if (this.preview.width === this.width && this.preview.height === this.height)
      return { source: this.preview, transfer: false };
    const source = this.full ?? (await decodeFull(this.blob));
    this.full = null;
    return { source, transfer: true };
  }

  /** A region of it at its own resolution. */
  async region({ x, y, side }: Region): Promise<ImageBitmap> {
    if (this.preview.width === this.width && this.preview.height === this.height)
      return createImageBitmap(this.preview, x, y, side, side);
    const full = await decodeFull(this.blob);
    try {
      return await createImageBitmap(full, x, y, side, side);
    } finally {
      full.close();
    }
  }

  private brightness: Guide | null = null;

  /** Its brightness, which edges may follow. */
  guide(): Guide {
    return (this.brightness ??= guideOf(this.preview, this));
  }

  /** The encoder does not need it. */
  forgetFull(): void {
    this.full?.close();
    this.full = null;
  }

  close(): void {
    this.preview.close();
    this.full?.close();
  }
}

/** What is not seen in a name and makes it look like another one: control characters, and those that turn the direction of writing. */
const unseen = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A file's name without folder and ending. */
export const stem = (name: string): string =>
  name
    .replace(/^.*[\\/]/s, "")
    .replace(unseen, "")
    .replace(/\.[a-z0-9]{1,5}$/i, "") || "photo";
