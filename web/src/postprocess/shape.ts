/** What an object looks like on the photo: the model's answer, and what was done to it since. */
import { boxMean } from "./blur";
import { postprocess, keepsOutline, readField, type Postprocessing, type Guide } from "./postprocess";
import type { Point, Rect, Size } from "../engine/core/geometry";
import { joinBounds, maskBounds, sampleMask } from "../engine/core/mask";
import type { LowResMask, PromptPoint } from "../engine/core/prompt";
import { paintStrokes, strokesBounds, type Stroke } from "./strokes";

export interface Shape {
  readonly mask: LowResMask;
  readonly finish: Postprocessing;
  /** Painted over the post-processed mask, one after the other. */
  readonly strokes: readonly Stroke[];
  /** Where the object was tapped: no such part of the mask is taken for a speck. */
  readonly seeds: readonly Point[];
}

/** Where an object was said to be. */
export const seedsOf = (points: readonly PromptPoint[]): readonly Point[] => points.filter(({ label }) => label === 1);

/** The answer of a model that was not asked: nothing anywhere. */
export const nothing: LowResMask = { logits: new Float32Array(4).fill(-1000), size: 2 };

/** Reads the photo's brightness, 0 to 1, for each pixel of a rectangle. */
export type Light = (rect: Rect) => Float32Array;

/** How opaque a shape makes the photo's pixels. */
export interface Cover {
  /** Photo pixels that hold all that is not transparent, and maybe a little more; null: everything is transparent. */
  readonly near: Rect | null;
  /** 0 to 255 for each pixel of a part of the photo, row by row. */
  read(part: Rect): Uint8Array<ArrayBuffer>;
}

export interface Frame {
  readonly photo: Size;
  readonly inputSize: number;
  readonly threshold: number;
}

/** @param guide The photo's brightness as `postprocess` wants it, where edges are to follow it. */
export function coverOf(
  shape: Shape,
  { photo, inputSize, threshold }: Frame,
  guide: Guide | null,
  light: Light,
): Cover {
  const { mask, finish, strokes, seeds } = shape;
  const plain = keepsOutline(finish);
  const field = plain ? null : postprocess({ mask, photo, inputSize, threshold, seeds }, finish, guide);
  const soft = Math.round(finish.feather / 2);
  const hard = (part: Rect): Uint8Array<ArrayBuffer> => {
    const out = plain
      ? sampleMask(mask, photo, inputSize, { rect: part, width: part.width, height: part.height }, threshold)
      : field
        ? readField(field, part, light)
        : new Uint8Array(part.width * part.height);
    paintStrokes(out, part, strokes);
    return out;
  };
  const bounds = joinBounds([
    plain ? maskBounds(mask, photo, inputSize, threshold) : field && wholePixels(field, photo),
    strokesBounds(strokes, photo),
  ]);
  return {
    near: bounds && grown(bounds, soft, photo),
    read: (part) => (soft ? feathered(hard, part, photo, soft) : opaque(hard(part))),
  };
}

/**
 * A way from transparent to opaque, half of it on either side of the edge. It does not fade where the mask leaves the
 * photo.
 */
function feathered(hard: (part: Rect) => Uint8Array, part: Rect, photo: Size, radius: number): Uint8Array<ArrayBuffer> {
  const around = grown(part, radius, photo);
  // Two means of half the radius: a slope without corners.
  const [first, second] = [Math.ceil(radius / 2), Math.floor(radius / 2)];
  const mean = boxMean(boxMean(Float32Array.from(hard(around)), around, first), around, second);
  const out = new Uint8Array(part.width * part.height);
  for (let y = 0, o = 0; y < part.height; y++) {
    let i = (part.y - around.y + y) * around.width + part.x - around.x;
    for (let x = 0; x < part.width; x++) out[o++] = Math.round(Math.min(Math.max(mean[i++]!, 0), 1) * 255);
  }
  return out;
}

function opaque(mask: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  for (let i = 0; i < mask.length; i++) if (mask[i]) mask[i] = 255;
  return mask;
}

/** Several covers together: every pixel is as opaque as the most opaque of them. */
export function joinCovers(covers: readonly Cover[]): Cover {
  return {
    near: joinBounds(covers.map(({ near }) => near)),
    read(part) {
      const out = new Uint8Array(part.width * part.height);
      for (const { near, read } of covers) {
        const shared = near && intersection(near, part);
        if (!shared) continue;
        const alpha = read(shared);
        for (let y = 0, i = 0; y < shared.height; y++) {
          let o = (shared.y - part.y + y) * part.width + shared.x - part.x;
          for (let x = 0; x < shared.width; x++, i++, o++) if (alpha[i]! > out[o]!) out[o] = alpha[i]!;
        }
      }
      return out;
    },
  };
}

/** Rows and columns that are read at once. */
const strip = 64;

/** The smallest rectangle of photo pixels that holds all that is not transparent; null where everything is. */
export function exactBounds({ near, read }: Cover): Rect | null {
  if (!near) return null;
  let [left, top, right, bottom] = [near.x, near.y, near.x + near.width, near.y + near.height];
  const filled = (part: Rect, along: "x" | "y"): number[] => {
    const alpha = read(part);
    const hits = new Set<number>();
    for (let y = 0, i = 0; y < part.height; y++)
      for (let x = 0; x < part.width; x++, i++) if (alpha[i]) hits.add(along === "x" ? part.x + x : part.y + y);
    return [...hits];
  };
  const rows = (y: number, end: number) => filled({ x: left, y, width: right - left, height: end - y }, "y");
  const columns = (x: number, end: number) => filled({ x, y: top, width: end - x, height: bottom - top }, "x");
  let found = false;
  for (; top < bottom && !found;) {
    const hits = rows(top, Math.min(top + strip, bottom));
    found = hits.length > 0;
    top = found ? Math.min(...hits) : Math.min(top + strip, bottom);
  }
  if (!found) return null;
  for (found = false; !found;) {
    const hits = rows(Math.max(bottom - strip, top), bottom);
    found = hits.length > 0;
    bottom = found ? Math.max(...hits) + 1 : Math.max(bottom - strip, top);
  }
  for (found = false; !found;) {
    const hits = columns(left, Math.min(left + strip, right));
    found = hits.length > 0;
    left = found ? Math.min(...hits) : Math.min(left + strip, right);
  }
  for (found = false; !found;) {
    const hits = columns(Math.max(right - strip, left), right);
    found = hits.length > 0;
    right = found ? Math.max(...hits) + 1 : Math.max(right - strip, left);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The photo's whole pixels that a field's rectangle touches. */
export const wholePixels = ({ rect }: { readonly rect: Rect }, photo: Size): Rect => {
  const [left, top] = [Math.max(0, Math.floor(rect.x)), Math.max(0, Math.floor(rect.y))];
  return {
    x: left,
    y: top,
    width: Math.min(photo.width, Math.ceil(rect.x + rect.width)) - left,
    height: Math.min(photo.height, Math.ceil(rect.y + rect.height)) - top,
  };
};

function grown({ x, y, width, height }: Rect, by: number, photo: Size): Rect {
  const [left, top] = [Math.max(0, x - by), Math.max(0, y - by)];
  return {
    x: left,
    y: top,
    width: Math.min(photo.width, x + width + by) - left,
    height: Math.min(photo.height, y + height + by) - top,
  };
}

/** What two rectangles share; null: nothing. */
export function intersection(a: Rect, b: Rect): Rect | null {
  const [left, top] = [Math.max(a.x, b.x), Math.max(a.y, b.y)];
  const [right, bottom] = [Math.min(a.x + a.width, b.x + b.width), Math.min(a.y + a.height, b.y + b.height)];
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}
