/** Draws the stage: the photo with everything outside the mask dimmed, and in a layer above it what is drawn in ink. */
import type { View } from "../../core/geometry";
import type { PromptBox } from "../../core/prompt";
import type { Outline } from "../answer";

export interface PhotoLayer {
  readonly bitmap: ImageBitmap;
  /** The photo's own size; the bitmap may be a smaller copy. */
  readonly width: number;
  readonly height: number;
  readonly outline: Outline | null;
}

export interface InkLayer {
  readonly outline: Outline | null;
  readonly preview: Outline | null;
  readonly box: PromptBox | null;
  /** Where the dashes stand, in CSS pixels. */
  readonly march: number;
  readonly accent: string;
}

/** From here on single photo pixels are larger than fingertips' detail: show them as they are. */
const pixelated = 6;

export function paintPhoto(context: CanvasRenderingContext2D, view: View, ratio: number, layer: PhotoLayer): void {
  clear(context);
  toImage(context, view, ratio);
  context.imageSmoothingEnabled = view.scale < pixelated;
  context.imageSmoothingQuality = "high";
  context.drawImage(layer.bitmap, 0, 0, layer.width, layer.height);
  if (!layer.outline) return;
  const outside = new Path2D();
  outside.rect(0, 0, layer.width, layer.height);
  outside.addPath(layer.outline.path);
  context.fillStyle = "rgb(0 0 0 / 0.36)";
  // oxlint-disable-next-line unicorn/no-array-fill-with-reference-type -- a canvas is no array
  context.fill(outside, "evenodd");
}

export function paintInk(context: CanvasRenderingContext2D, view: View, ratio: number, layer: InkLayer): void {
  clear(context);
  toImage(context, view, ratio);
  const px = 1 / view.scale;
  context.lineJoin = "round";
  if (layer.preview) {
    context.globalAlpha = 0.35;
    context.fillStyle = layer.accent;
    context.fill(layer.preview.path, "evenodd");
    context.globalAlpha = 1;
    stroke(context, layer.preview.path, 2 * px, layer.accent);
  }
  if (layer.outline) {
    stroke(context, layer.outline.path, 3.5 * px, "rgb(0 0 0 / 0.55)");
    stroke(context, layer.outline.path, 1.75 * px, "#fff");
    stroke(context, layer.outline.path, 1.75 * px, layer.accent, [6 * px, 6 * px], -layer.march * px);
  }
  if (layer.box) {
    const path = boxPath(layer.box);
    stroke(context, path, 3.5 * px, "rgb(0 0 0 / 0.5)");
    stroke(context, path, 1.75 * px, "#fff");
  }
}

function boxPath({ x1, y1, x2, y2 }: PromptBox): Path2D {
  const path = new Path2D();
  path.rect(x1, y1, x2 - x1, y2 - y1);
  return path;
}

function stroke(context: CanvasRenderingContext2D, path: Path2D, width: number, style: string, dash: number[] = [], offset = 0): void {
  context.lineWidth = width;
  context.strokeStyle = style;
  context.setLineDash(dash);
  context.lineDashOffset = offset;
  context.stroke(path);
}

function clear(context: CanvasRenderingContext2D): void {
  context.resetTransform();
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

const toImage = (context: CanvasRenderingContext2D, { scale, x, y }: View, ratio: number): void =>
  context.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
