/** Draws the stage: the photo with everything outside the mask dimmed, and in a layer above it what is drawn in ink. */
import type { View } from "../../engine/core/geometry";
import type { PromptBox } from "../../engine/core/prompt";
import type { Outline } from "../../state/answer";
import type { Line } from "../../state/drawing";

export interface PhotoLayer {
  readonly bitmap: ImageBitmap;
  /** The photo's own size; the bitmap may be a smaller copy. */
  readonly width: number;
  readonly height: number;
  /** What the masks of all visible objects leave out is dimmed. `feather` is the width of an edge in image pixels. */
  readonly masks: readonly { readonly outline: Outline; readonly feather: number }[];
}

export interface Coloured {
  readonly outline: Outline;
  readonly colour: string;
}

export interface InkLayer {
  /** The object that is being edited. */
  readonly active: Coloured | null;
  /** The other visible ones, from back to front. */
  readonly others: readonly Coloured[];
  /** One of them that a tap would select. */
  readonly pointedAt: Coloured | null;
  readonly preview: Coloured | null;
  readonly box: PromptBox | null;
  /** What is being drawn. */
  readonly line: Line | null;
  /** Where the dashes stand, in CSS pixels. */
  readonly march: number;
}

/** From here on single photo pixels are larger than fingertips' detail: show them as they are. */
const pixelated = 6;

export function paintPhoto(context: CanvasRenderingContext2D, view: View, ratio: number, layer: PhotoLayer): void {
  clear(context);
  toImage(context, view, ratio);
  context.imageSmoothingEnabled = view.scale < pixelated;
  context.imageSmoothingQuality = "high";
  context.drawImage(layer.bitmap, 0, 0, layer.width, layer.height);
  if (layer.masks.some(({ feather }) => feather > 0)) dimSoftly(context, view, ratio, layer);
  else if (layer.masks.length) dimOutside(context, layer);
}

const dim = "rgb(0 0 0 / 0.36)";

/** Each clip leaves what is outside of one mask; together, what is outside of all. */
function dimOutside(context: CanvasRenderingContext2D, { width, height, masks }: PhotoLayer): void {
  context.save();
  for (const { outline } of masks) {
    const outside = new Path2D();
    outside.rect(0, 0, width, height);
    outside.addPath(outline.path);
    context.clip(outside, "evenodd");
  }
  context.fillStyle = dim;
  context.fillRect(0, 0, width, height);
  context.restore();
}

/** As soft at the edges as what is saved, where the browser can blur. */
function dimSoftly(
  context: CanvasRenderingContext2D,
  view: View,
  ratio: number,
  { width, height, masks }: PhotoLayer,
): void {
  const layer = new OffscreenCanvas(context.canvas.width, context.canvas.height).getContext("2d");
  if (!layer) return;
  toImage(layer, view, ratio);
  layer.fillStyle = dim;
  layer.fillRect(0, 0, width, height);
  layer.globalCompositeOperation = "destination-out";
  layer.fillStyle = "#000";
  for (const { outline, feather } of masks) {
    // A slope as wide as the feather has about a quarter of it as its standard deviation.
    if (feather > 0 && "filter" in layer) layer.filter = `blur(${(feather * view.scale * ratio) / 4}px)`;
    layer.fill(outline.path, "evenodd");
    if ("filter" in layer) layer.filter = "none";
  }
  context.save();
  context.resetTransform();
  context.drawImage(layer.canvas, 0, 0);
  context.restore();
}

export function paintInk(context: CanvasRenderingContext2D, view: View, ratio: number, layer: InkLayer): void {
  clear(context);
  toImage(context, view, ratio);
  const px = 1 / view.scale;
  context.lineJoin = "round";
  for (const other of layer.others) tint(context, other, other.outline === layer.pointedAt?.outline ? 0.55 : 0.32, px);
  if (layer.preview) tint(context, layer.preview, 0.35, px);
  if (layer.active) {
    const { outline, colour } = layer.active;
    stroke(context, outline.path, 3.5 * px, "rgb(0 0 0 / 0.55)");
    stroke(context, outline.path, 1.75 * px, "#fff");
    stroke(context, outline.path, 1.75 * px, colour, [6 * px, 6 * px], -layer.march * px);
  }
  if (layer.box) {
    const path = boxPath(layer.box);
    stroke(context, path, 3.5 * px, "rgb(0 0 0 / 0.5)");
    stroke(context, path, 1.75 * px, "#fff");
  }
  if (layer.line) paintLine(context, layer.line, px);
}

/** Brush and eraser as wide as they paint, other lines as thin as a pencil's. */
function paintLine(context: CanvasRenderingContext2D, { tool, points, radius, negative }: Line, px: number): void {
  const path = new Path2D();
  points.forEach(({ x, y }, i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  const [first] = points;
  // A dot is a line without length.
  if (points.length === 1) path.lineTo(first!.x, first!.y);
  context.lineCap = "round";
  if (tool === "brush" || tool === "eraser")
    stroke(context, path, 2 * radius, negative ? "rgb(20 20 22 / 0.55)" : "rgb(255 255 255 / 0.6)");
  else {
    if (tool === "lasso") path.closePath();
    stroke(context, path, 6 * px, "rgb(0 0 0 / 0.55)");
    stroke(context, path, 3 * px, negative ? "#ff8f86" : "#fff");
  }
  context.lineCap = "butt";
}

function tint(context: CanvasRenderingContext2D, { outline, colour }: Coloured, alpha: number, px: number): void {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.fill(outline.path, "evenodd");
  context.globalAlpha = 1;
  stroke(context, outline.path, 2 * px, colour);
}

function boxPath({ x1, y1, x2, y2 }: PromptBox): Path2D {
  const path = new Path2D();
  path.rect(x1, y1, x2 - x1, y2 - y1);
  return path;
}

function stroke(
  context: CanvasRenderingContext2D,
  path: Path2D,
  width: number,
  style: string,
  dash: number[] = [],
  offset = 0,
): void {
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

const toImage = (
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  { scale, x, y }: View,
  ratio: number,
): void => context.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
