/** Small pictures of objects. */
import { useEffect, useRef, type MutableRef } from "preact/hooks";
import type { Rect, Size } from "../engine/core/geometry";
import { joinBounds } from "../engine/core/mask";
import type { Outline } from "../state/answer";

export interface Thumbnail {
  /** Pixels of the canvas, on each side. */
  readonly side: number;
  readonly bitmap: ImageBitmap;
  /** The photo's own size; the bitmap may be a smaller copy. */
  readonly photo: Size;
  /** What part of the photo is shown. */
  readonly rect: Rect;
  /** What is shown in full; the rest is faint. Null: all of it is faint. */
  readonly outline: Outline | null;
}

export function useThumbnail(draw: () => Thumbnail, inputs: readonly unknown[]): MutableRef<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) paint(context, draw());
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the caller says what the picture depends on
  }, inputs);
  return canvas;
}

function paint(context: CanvasRenderingContext2D, { side, bitmap, photo, rect, outline }: Thumbnail): void {
  const scale = side / Math.max(rect.width, rect.height);
  context.save();
  context.resetTransform();
  context.clearRect(0, 0, side, side);
  context.setTransform(
    scale,
    0,
    0,
    scale,
    side / 2 - (rect.x + rect.width / 2) * scale,
    side / 2 - (rect.y + rect.height / 2) * scale,
  );
  context.globalAlpha = 0.25;
  context.drawImage(bitmap, 0, 0, photo.width, photo.height);
  context.globalAlpha = 1;
  if (outline) {
    context.clip(outline.path, "evenodd");
    context.drawImage(bitmap, 0, 0, photo.width, photo.height);
  }
  context.restore();
}

/** The part of the photo around masks, with a little margin; the whole photo when there is nothing in them. */
export function around(outlines: readonly Outline[], photo: Size): Rect {
  const rect = joinBounds(outlines.map(({ bounds }) => bounds));
  if (!rect) return { x: 0, y: 0, ...photo };
  const margin = 0.06 * Math.max(rect.width, rect.height);
  return { x: rect.x - margin, y: rect.y - margin, width: rect.width + 2 * margin, height: rect.height + 2 * margin };
}
