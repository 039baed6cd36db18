/** What is cut out of a photo: several shapes together, their soft edges found in the photo, with the objects' own colours there. */
import type { Rect, Size } from "../engine/core/geometry";
import { cellSize } from "../engine/core/grid";
import { joinBounds } from "../engine/core/mask";
import type { Planes } from "./colourLines";
import { matteOf, readMatte, type Matte } from "./matte";
import {
  boundsOf,
  crop,
  fieldOf,
  postprocess,
  guideSize,
  isSoft,
  keepsOutline,
  noPostprocessing,
  type Guide,
} from "./postprocess";
import { coverOf, exactBounds, intersection, joinCovers, wholePixels, type Light, type Shape } from "./shape";
import { paintStrokes, strokesBounds } from "./strokes";

/** A shape with the frame and the threshold of the model that it is from: two models may have answered. */
export interface FramedShape extends Shape {
  readonly inputSize: number;
  readonly threshold: number;
}

export interface Cut {
  /** The smallest rectangle of photo pixels that holds all that is not transparent; null where everything is. */
  readonly bounds: Rect | null;
  /**
   * @param rgba The photo's pixels in `part`; those along soft edges get the object's own colour, in place.
   * @returns Opacity, 0 to 255 for each pixel, row by row.
   */
  take(part: Rect, rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer>;
}

/** What cutting out needs to know of a photo. */
export interface Picture {
  readonly size: Size;
  /** As `postprocess` wants it, where edges are to follow the photo. */
  readonly guide: Guide | null;
  /** Colours on the same grid, 0 to 1. */
  readonly colours: () => Planes;
  readonly light: Light;
  /** Its pixels as RGBA. */
  readonly pixels: (part: Rect) => Uint8ClampedArray;
}

/** How far from the outline the photo's own edge is looked for: cells of the model's grid, and samples at least. */
const reach = { cells: 2, samples: 3 };

export function cutOf(shapes: readonly FramedShape[], picture: Picture): Cut {
  const { size, guide, light, pixels } = picture;
  const soft = shapes.filter(({ finish }) => isSoft(finish));
  const cover = (some: readonly FramedShape[]) =>
    joinCovers(some.map((shape) => coverOf(shape, { ...shape, photo: size }, guide, light)));
  const hard = cover(shapes.filter(({ finish }) => !isSoft(finish)));
  const matte = matteOfShapes(soft, picture);
  const strokes = soft.flatMap((shape) => shape.strokes);
  const touching = strokes.map((stroke) => ({ ...stroke, erase: false }));
  const painted = strokesBounds(touching, size);
  const finished = cover(soft);
  const take = (part: Rect, rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> => {
    const alpha = hard.read(part);
    const settled = painted && intersection(painted, part) ? new Uint8Array(alpha.length) : null;
    if (settled) {
      // What was painted and erased by hand has the edge of the brush.
      paintStrokes(settled, part, touching);
      const own = finished.read(part);
      for (let i = 0; i < own.length; i++) if (settled[i]) alpha[i] = Math.max(alpha[i]!, own[i]!);
    }
    if (matte) readMatte(matte, part, rgba, alpha, settled);
    return alpha;
  };
  const near = joinBounds([hard.near, matte && wholePixels(matte, size), strokesBounds(strokes, size)]);
  return { bounds: exactBounds({ near, read: (part) => take(part, pixels(part)) }), take };
}

function matteOfShapes(shapes: readonly FramedShape[], { size, guide, colours }: Picture): Matte | null {
  if (!shapes.length) return null;
  const whole = guideSize(size);
  const mask = new Uint8Array(whole.width * whole.height);
  for (const shape of shapes) add(mask, whole, shape, size, guide);
  const pixels = Math.max(size.width / whole.width, size.height / whole.height);
  const cells = Math.max(...shapes.map(({ inputSize }) => (cellSize * Math.max(size.width, size.height)) / inputSize));
  const samples = Math.max(reach.samples, (reach.cells * cells) / pixels);
  const part = boundsOf(mask, whole, Math.ceil(2 * samples));
  if (!part) return null;
  const planes = colours().map((plane) => crop(plane, whole, part)) as unknown as Planes;
  const [stepX, stepY] = [size.width / whole.width, size.height / whole.height];
  const rect = { x: part.x * stepX, y: part.y * stepY, width: part.width * stepX, height: part.height * stepY };
  return matteOf(crop(mask, whole, part), planes, rect, part, samples);
}

/** The inside of a shape before strokes, on the grid that answers are post-processed on. */
function add(mask: Uint8Array, whole: Size, shape: FramedShape, photo: Size, guide: Guide | null): void {
  const { finish } = shape;
  const field = postprocess({ ...shape, photo }, keepsOutline(finish) ? noPostprocessing : finish, guide);
  if (!field) return;
  const distance = fieldOf(field, photo, guide);
  const left = Math.round((field.rect.x / photo.width) * whole.width);
  const top = Math.round((field.rect.y / photo.height) * whole.height);
  for (let y = 0, i = 0; y < field.height; y++)
    for (let x = 0; x < field.width; x++, i++) if (distance[i]! > 0) mask[(top + y) * whole.width + left + x] = 1;
}
