/** An answer of the model, with what the page draws of it. */
import { cellsWithin } from "../core/everything";
import { contour } from "../core/mask";
import { letterbox, type ImagePoint, type Rect, type Size } from "../core/geometry";
import type { LowResMask, Segmentation } from "../engine/segmenter";

/** How masks are read: the photo they belong to, and the model's frame and threshold. */
export interface MaskFrame {
  readonly photo: Size;
  readonly inputSize: number;
  readonly threshold: number;
}

export interface Outline {
  /** In image pixels; fill with the even-odd rule. */
  readonly path: Path2D;
  contains(at: ImagePoint): boolean;
  /** Null: the mask is empty. */
  readonly bounds: Rect | null;
}

export class Answer {
  private readonly outlines: (Outline | undefined)[] = [];

  constructor(
    private readonly segmentation: Segmentation,
    readonly frame: MaskFrame,
  ) {}

  get scores(): readonly number[] {
    return this.segmentation.scores;
  }

  /** The candidate that the model prefers. */
  get best(): number {
    return this.segmentation.best;
  }

  mask(candidate: number): LowResMask {
    return this.segmentation.masks[candidate]!;
  }

  /** The mask's share of the photo, 0 to 1. */
  share(candidate: number): number {
    const { photo, inputSize, threshold } = this.frame;
    const { newWidth, newHeight } = letterbox(photo.width, photo.height, inputSize);
    const [columns, rows] = [cellsWithin(newWidth), cellsWithin(newHeight)];
    const { logits, size } = this.mask(candidate);
    let count = 0;
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) if (logits[y * size + x]! > threshold) count++;
    return count / (columns * rows);
  }

  /** Computed when first drawn. */
  outline(candidate: number): Outline {
    return (this.outlines[candidate] ??= trace(this.mask(candidate), this.frame));
  }
}

function trace(mask: LowResMask, { photo, inputSize, threshold }: MaskFrame): Outline {
  const path = new Path2D();
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = ({ x, y }: ImagePoint): void => {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  };
  for (const ring of contour(mask, photo, inputSize, threshold)) {
    ring.forEach((point, i) => (i ? path.lineTo(point.x, point.y) : path.moveTo(point.x, point.y)));
    path.closePath();
    ring.forEach(visit);
  }
  const contains = ({ x, y }: ImagePoint): boolean => ruler().isPointInPath(path, x + 0.5, y + 0.5, "evenodd");
  return { path, contains, bounds: right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null };
}

let context: OffscreenCanvasRenderingContext2D | null = null;

/** A canvas nothing is drawn on: it knows which points lie in a path. */
const ruler = (): OffscreenCanvasRenderingContext2D => (context ??= new OffscreenCanvas(1, 1).getContext("2d")!);
