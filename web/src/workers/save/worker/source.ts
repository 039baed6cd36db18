/** The photo that files are made from, and what is known of the shapes on it. */
import { bands } from "../../../engine/core/cutout";
import type { Rect, Size } from "../../../engine/core/geometry";
import { blurredGround, type Ground } from "../../../formats/background";
import { alphaOf, type Alpha } from "../../shared/alpha";
import type { OutputErrorCode, Selection } from "../shared/protocol";

export class OutputError extends Error {
  constructor(readonly code: OutputErrorCode) {
    super(code);
  }
}

/** Rows of about this many pixels are worked on at once. */
const bandPixels = 2_000_000;
/** The longer side of the small copy that backgrounds are blurred on. */
const smallSide = 640;

/** A part of the photo, made small. */
export interface Small extends Size {
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  readonly alpha: Uint8Array;
}

export class Source {
  readonly rect: Rect;
  private backdropPicture: ImageBitmap | null = null;
  private readonly alphas = new Map<string, Promise<Alpha>>();
  private readonly smalls = new Map<string, Promise<Small>>();
  private ground: { key: string; value: Promise<Ground> } | null = null;

  constructor(readonly photo: ImageBitmap) {
    this.rect = { x: 0, y: 0, width: photo.width, height: photo.height };
  }

  get backdrop(): ImageBitmap | null {
    return this.backdropPicture;
  }

  setBackdrop(picture: ImageBitmap): void {
    this.backdropPicture?.close();
    this.backdropPicture = picture;
  }

  alpha({ key, shapes }: Selection): Promise<Alpha> {
    return remember(this.alphas, key, () => alphaOf(this.photo, shapes));
  }

  /** What of the photo is saved. */
  async frame(selection: Selection, crop: boolean): Promise<Rect> {
    const { bounds } = await this.alpha(selection);
    if (!bounds) throw new OutputError("empty-mask");
    return crop ? bounds : this.rect;
  }

  /** A part of the photo, and of the shapes on it, at most `side` pixels wide and high. */
  small(selection: Selection, rect: Rect, side = smallSide): Promise<Small> {
    return remember(
      this.smalls,
      `${selection.key} ${rect.x} ${rect.y} ${rect.width} ${rect.height} ${side}`,
      async () => {
        const scale = Math.min(1, side / Math.max(rect.width, rect.height));
        const size = {
          width: Math.max(1, Math.round(rect.width * scale)),
          height: Math.max(1, Math.round(rect.height * scale)),
        };
        const bitmap = await createImageBitmap(this.photo, rect.x, rect.y, rect.width, rect.height, {
          resizeWidth: size.width,
          resizeHeight: size.height,
          resizeQuality: "medium",
        });
        const context = contextOf(size);
        context.drawImage(bitmap, 0, 0);
        bitmap.close();
        return {
          ...size,
          rgba: context.getImageData(0, 0, size.width, size.height).data,
          alpha: smallAlpha(await this.alpha(selection), rect, size),
        };
      },
    );
  }

  /** @param amount Sigma, as a part of the photo's longer side. */
  blurred(selection: Selection, amount: number): Promise<Ground> {
    const key = `${selection.key} ${amount}`;
    if (this.ground?.key !== key) {
      const value = this.small(selection, this.rect).then((small) =>
        blurredGround(small.rgba, small.alpha, small, amount * Math.max(small.width, small.height)),
      );
      this.ground = { key, value };
    }
    return this.ground.value;
  }
}

/** Parts of a rectangle, from top to bottom. */
export const bandsOf = (rect: Rect): Rect[] => bands(rect, bandPixels);

/** Parts of a rectangle at its full height, from left to right. */
export function stripsOf(rect: Rect): Rect[] {
  const turned = bandsOf({ x: rect.y, y: rect.x, width: rect.height, height: rect.width });
  return turned.map((band) => ({ x: band.y, y: band.x, width: band.height, height: band.width }));
}

export function contextOf({ width, height }: Size): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new OutputError("out-of-memory");
  return context;
}

/** Mean opacity of the pixels that become one. */
function smallAlpha(alpha: Alpha, rect: Rect, { width, height }: Size): Uint8Array {
  const sums = new Float64Array(width * height);
  const counts = new Uint32Array(width * height);
  const columns = Int32Array.from({ length: rect.width }, (_, x) => Math.floor(((x + 0.5) * width) / rect.width));
  for (const band of bandsOf(rect)) {
    const values = alpha.read(band);
    for (let y = 0, i = 0; y < band.height; y++) {
      const row = Math.floor(((band.y - rect.y + y + 0.5) * height) / rect.height) * width;
      for (let x = 0; x < rect.width; x++) {
        sums[row + columns[x]!]! += values[i++]!;
        counts[row + columns[x]!]!++;
      }
    }
  }
  return Uint8Array.from(sums, (sum, i) => Math.round(sum / counts[i]!));
}

/** What failed is tried again next time. */
function remember<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? find();
  known.set(key, value);
  value.catch(() => known.delete(key));
  return value;
}
