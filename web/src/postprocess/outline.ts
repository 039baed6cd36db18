/**
 * The line around a shape as it is drawn: the same post-processed field and the same strokes that are saved, at the screen's
 * resolution.
 */
import { contours } from "d3-contour";
import { fieldAt, fieldOf, postprocess, keepsOutline, noPostprocessing, type Field, type Guide } from "./postprocess";
import { imagePoint, type ImagePoint, type Rect, type Size } from "../engine/core/geometry";
import { contour, joinBounds } from "../engine/core/mask";
import type { Frame, Shape } from "./shape";
import { simplifyRing } from "./simplify";
import { strokeField, strokesBounds } from "./strokes";

/** What was found out before strokes: it takes longest, and every stroke needs it again. */
export interface Base {
  readonly field: Field | null;
  readonly distance: Float32Array<ArrayBuffer>;
}

export function baseOf({ mask, finish, seeds }: Omit<Shape, "strokes">, frame: Frame, guide: Guide | null): Base {
  const field = postprocess({ ...frame, mask, seeds }, keepsOutline(finish) ? noPostprocessing : finish, guide);
  return { field, distance: field ? fieldOf(field, frame.photo, guide) : new Float32Array(0) };
}

/**
 * How far a drawn line may lie beside the traced one, in sides of what the model saw: an eighth of a pixel where that fills a
 * window 1,280 pixels wide. It leaves out two points of three; drawing many objects takes its time for their points.
 */
const invisible = 1e-4;

/** Most samples that are traced where there are strokes. */
const mostSamples = 400_000;

/**
 * The outlines of a shape and of its holes, as closed polylines in image pixels. Fill with the even-odd rule.
 *
 * @param base What `baseOf` says about the same shape; asked for only where it is needed.
 */
export function outlineOf(shape: Shape, frame: Frame, base: () => Base): (readonly ImagePoint[])[] {
  const seen = shape.mask.region?.side ?? Math.max(frame.photo.width, frame.photo.height);
  return tracedOutline(shape, frame, base).map((ring) => simplifyRing(ring, seen * invisible));
}

function tracedOutline({ mask, finish, strokes }: Shape, frame: Frame, base: () => Base): ImagePoint[][] {
  const { photo, inputSize, threshold } = frame;
  if (!strokes.length && keepsOutline(finish)) return contour(mask, photo, inputSize, threshold);
  const { field, distance } = base();
  if (!strokes.length) return field ? trace(distance, field, field.rect) : [];
  const painted = strokesBounds(strokes, photo);
  const held = joinBounds([field && field.rect, painted && grown(painted, photo)]);
  if (!held) return [];
  const scale = Math.min(1, Math.sqrt(mostSamples / (held.width * held.height)));
  const size = {
    width: Math.max(1, Math.round(held.width * scale)),
    height: Math.max(1, Math.round(held.height * scale)),
  };
  const values = field ? fieldAt(field, distance, held, size) : new Float32Array(size.width * size.height).fill(-1e6);
  strokeField(values, held, size, strokes);
  return trace(values, size, held);
}

function trace(values: Float32Array, { width, height }: Size, rect: Rect): ImagePoint[][] {
  const shape = contours()
    .size([width, height])
    .contour(values as unknown as number[], 0);
  const [scaleX, scaleY] = [rect.width / width, rect.height / height];
  return shape.coordinates
    .flat()
    .map((ring) => ring.slice(0, -1).map(([x, y]) => imagePoint(rect.x + x! * scaleX, rect.y + y! * scaleY)));
}

/** A border of its own, so that the line need not run along the grid's. */
function grown({ x, y, width, height }: Rect, photo: Size): Rect {
  const by = 2 + Math.ceil(Math.max(photo.width, photo.height) / 300);
  const [left, top] = [Math.max(0, x - by), Math.max(0, y - by)];
  return {
    x: left,
    y: top,
    width: Math.min(photo.width, x + width + by) - left,
    height: Math.min(photo.height, y + height + by) - top,
  };
}
