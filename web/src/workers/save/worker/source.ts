/** The photo that files are made from, and what is known of the shapes on it. */
import { cutOut } from "../../../engine/core/cutout";
import type { Rect, Size } from "../../../engine/core/geometry";
import { blurredBackground, type Background } from "../../../formats/background";
import type { Cut } from "../../../postprocess/cut";
import { alphaOf, cutoutOf, type Alpha } from "../../shared/alpha";
import { pixelsOf } from "../../shared/light";
import { smallAlpha, smallCut, smallSize, type SmallCut } from "./small";
import type { OutputErrorCode, Selection } from "../shared/protocol";

export class OutputError extends Error {
  constructor(readonly code: OutputErrorCode) {
    super(code);
  }
}

/** The longer side of the small copy that backgrounds are blurred on. */
const smallSide = 640;

/** A part of the photo, made small. */
export interface Small extends Size, SmallCut {
  /** The photo itself. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export class Source {
  readonly rect: Rect;
  private backdropPicture: ImageBitmap | null = null;
  private readonly alphas = new Map<string, Promise<Alpha>>();
  private readonly cuts = new Map<string, Promise<Cut>>();
  private readonly smalls = new Map<string, Promise<Small>>();
  private background: { key: string; value: Promise<Background> } | null = null;

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

  /** As it is in pictures: masks have `alpha`. */
  cut({ key, shapes }: Selection): Promise<Cut> {
    return remember(this.cuts, key, () => cutoutOf(this.photo, shapes));
  }

  /** What of the photo is saved. */
  async frame(selection: Selection, crop: boolean): Promise<Rect> {
    const { bounds } = await this.cut(selection);
    if (!bounds) throw new OutputError("empty-mask");
    return crop ? bounds : this.rect;
  }

  /** A part of the photo, and of what is cut out of it, at most `side` pixels wide and high. */
  small(selection: Selection, rect: Rect, side = smallSide): Promise<Small> {
    return remember(
      this.smalls,
      `${selection.key} ${rect.x} ${rect.y} ${rect.width} ${rect.height} ${side}`,
      async () => {
        const size = smallSize(rect, side);
        const bitmap = await createImageBitmap(this.photo, rect.x, rect.y, rect.width, rect.height, {
          resizeWidth: size.width,
          resizeHeight: size.height,
          resizeQuality: "medium",
        });
        const context = contextOf(size);
        context.drawImage(bitmap, 0, 0);
        bitmap.close();
        const { data } = context.getImageData(0, 0, size.width, size.height);
        const cut = await this.cut(selection);
        const pixels = pixelsOf(this.photo);
        const read = (part: Rect): Uint8ClampedArray => {
          const rgba = pixels(part);
          cutOut(rgba, cut.take(part, rgba));
          return rgba;
        };
        return { ...size, rgba: data, ...smallCut(read, rect, size) };
      },
    );
  }

  /** The mask of the whole photo, at most `side` pixels wide and high. */
  async smallMask(selection: Selection, side: number): Promise<Size & { readonly alpha: Uint8Array }> {
    const size = smallSize(this.rect, side);
    return { ...size, alpha: smallAlpha((await this.alpha(selection)).read, this.rect, size) };
  }

  /** @param amount Sigma, as a part of the photo's longer side. */
  blurred(selection: Selection, amount: number): Promise<Background> {
    const key = `${selection.key} ${amount}`;
    if (this.background?.key !== key) {
      const value = this.small(selection, this.rect).then((small) =>
        blurredBackground(small.rgba, small.alpha, small, amount * Math.max(small.width, small.height)),
      );
      this.background = { key, value };
    }
    return this.background.value;
  }
}

export function contextOf({ width, height }: Size): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new OutputError("out-of-memory");
  return context;
}

/** What failed is tried again next time. */
function remember<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? find();
  known.set(key, value);
  value.catch(() => known.delete(key));
  return value;
}
