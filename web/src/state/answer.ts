/** An answer of the model, with what the page draws of it. */
import type { PhotoObject } from "../document/document";
import { cellsWithin } from "../engine/core/grid";
import { noPostprocessing, type Postprocessing, type Guide } from "../postprocess/postprocess";
import { baseOf, outlineOf, type Base } from "../postprocess/outline";
import { nothing, seedsOf, type Shape } from "../postprocess/shape";
import { noStrokes, type Stroke } from "../postprocess/strokes";
import { centreOf, letterbox, type ImagePoint, type PixelIndex, type Rect, type Size } from "../engine/core/geometry";
import type { LowResMask, Segmentation } from "../engine/segmenter";

/** How masks are read: the photo they belong to, and the model's frame and threshold. */
export interface MaskFrame {
  readonly photo: Size;
  readonly inputSize: number;
  readonly threshold: number;
  /** The photo's brightness, which edges may follow. */
  guide(): Guide;
}

export interface Outline {
  /** In image pixels; fill with the even-odd rule. */
  readonly path: Path2D;
  contains(at: PixelIndex): boolean;
  /** Null: the mask is empty. */
  readonly bounds: Rect | null;
}

/** What of an object says how its answer looks. */
export type Look = Pick<PhotoObject, "finish" | "strokes" | "points">;

/** What is kept of one post-processing: what strokes are painted on, and the outlines with them. */
interface Postprocessed {
  base?: Base;
  readonly outlines: WeakMap<readonly Stroke[], Outline>;
}

const rawLook: Look = { finish: noPostprocessing, strokes: noStrokes, points: [] };

export class Answer {
  /** By post-processing settings, for each candidate. */
  private readonly finished = new WeakMap<Postprocessing, Map<number, Postprocessed>>();

  constructor(
    readonly segmentation: Segmentation,
    readonly frame: MaskFrame,
    /** Who gave it, as `document/answerer.ts` says; empty where no model was asked. */
    readonly by = "",
  ) {}

  /** That of a model that was not asked: what is painted by hand is painted on it. */
  static ofNothing(frame: MaskFrame): Answer {
    return new Answer({ masks: [nothing], scores: [], tokens: [], best: 0 }, frame);
  }

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
    const { logits, size, region } = this.mask(candidate);
    const { newWidth, newHeight } = letterbox(photo.width, photo.height, inputSize);
    const [columns, rows] = region ? [size, size] : [cellsWithin(newWidth), cellsWithin(newHeight)];
    const part = region ? region.side ** 2 / (photo.width * photo.height) : 1;
    let count = 0;
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) if (logits[y * size + x]! > threshold) count++;
    return (part * count) / (columns * rows);
  }

  /** A candidate as an object shows it. */
  shape(candidate: number, { finish, strokes, points }: Look): Shape {
    return { mask: this.mask(candidate), finish, strokes, seeds: seedsOf(points) };
  }

  /** Its outline, computed when first drawn; without a look, that of the model's own answer. */
  outline(candidate: number, look: Look = rawLook): Outline {
    const byCandidate = this.finished.get(look.finish) ?? new Map<number, Postprocessed>();
    this.finished.set(look.finish, byCandidate);
    const known = byCandidate.get(candidate) ?? { outlines: new WeakMap() };
    byCandidate.set(candidate, known);
    const before = known.outlines.get(look.strokes);
    if (before) return before;
    const shape = this.shape(candidate, look);
    const outline = asPath(
      outlineOf(
        shape,
        this.frame,
        () => (known.base ??= baseOf(shape, this.frame, look.finish.edges ? this.frame.guide() : null)),
      ),
    );
    known.outlines.set(look.strokes, outline);
    return outline;
  }
}

function asPath(rings: readonly (readonly ImagePoint[])[]): Outline {
  const path = new Path2D();
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = ({ x, y }: ImagePoint): void => {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  };
  for (const ring of rings) {
    ring.forEach((point, i) => (i ? path.lineTo(point.x, point.y) : path.moveTo(point.x, point.y)));
    path.closePath();
    ring.forEach(visit);
  }
  const contains = (at: PixelIndex): boolean => {
    const { x, y } = centreOf(at);
    return ruler().isPointInPath(path, x, y, "evenodd");
  };
  return {
    path,
    contains,
    bounds: right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null,
  };
}

let context: OffscreenCanvasRenderingContext2D | null = null;

/** A canvas nothing is drawn on: it knows which points lie in a path. */
const ruler = (): OffscreenCanvasRenderingContext2D => (context ??= new OffscreenCanvas(1, 1).getContext("2d")!);
