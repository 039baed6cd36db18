/** Lines drawn by hand as prompts: a scribble becomes points along it, a lasso a box and points inside. */
import { letterbox, type Point, type Rect, type Size } from "../engine/core/geometry";
import { cellSize, gridSize } from "../engine/core/grid";
import { signedDistance } from "../postprocess/morphology";
import type { LowResMask, PromptBox, PromptPoint } from "../engine/core/prompt";

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

export const lengthOf = (curve: readonly Point[]): number =>
  curve.reduce((sum, point, i) => (i ? sum + distance(curve[i - 1]!, point) : 0), 0);

/** Most points that one line becomes: the model has seen few prompts with more. */
const maxPoints = 5;

/**
 * Points along a scribble, in pixels of the photo: at its ends and evenly between, fewer on a short one.
 *
 * @param spacing How far apart they are at least, in image pixels.
 */
export function scribblePoints(curve: readonly Point[], label: 0 | 1, photo: Size, spacing: number): PromptPoint[] {
  const length = lengthOf(curve);
  const count = Math.min(maxPoints, 1 + Math.floor(length / spacing));
  const places = count === 1 ? [length / 2] : Array.from({ length: count }, (_, i) => (length * i) / (count - 1));
  return places.map((place) => ({ ...pixelOf(along(curve, place), photo), label }));
}

/** The point of a curve after `way` image pixels. */
function along(curve: readonly Point[], way: number): Point {
  let left = way;
  for (let i = 1; i < curve.length; i++) {
    const [a, b] = [curve[i - 1]!, curve[i]!];
    const step = distance(a, b);
    if (left <= step && step > 0) return { x: a.x + ((b.x - a.x) * left) / step, y: a.y + ((b.y - a.y) * left) / step };
    left -= step;
  }
  return curve.at(-1)!;
}

/** The box around a lasso, in pixels of the photo; null where it holds next to nothing. */
export function lassoBox(curve: readonly Point[], photo: Size): PromptBox | null {
  const corners = curve.map((point) => pixelOf(point, photo));
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const box = { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs), y2: Math.max(...ys) };
  return curve.length > 2 && box.x2 > box.x1 && box.y2 > box.y1 ? box : null;
}

/** Samples along the longer side of the grid on which a lasso's inside is found. */
const fine = 96;

/** Points well inside a lasso, the farthest from its line first, and then far from each other too. */
export function lassoPoints(curve: readonly Point[], label: 0 | 1, photo: Size, count: number): PromptPoint[] {
  const box = lassoBox(curve, photo);
  if (!box) return [];
  const rect: Rect = { x: box.x1, y: box.y1, width: box.x2 - box.x1 + 1, height: box.y2 - box.y1 + 1 };
  const step = Math.max(rect.width, rect.height) / fine;
  // A ring of samples outside of it: the border of the grid is no edge.
  const size = { width: Math.ceil(rect.width / step) + 2, height: Math.ceil(rect.height / step) + 2 };
  const place = (i: number): Point => ({
    x: rect.x + ((i % size.width) - 0.5) * step,
    y: rect.y + (Math.floor(i / size.width) - 0.5) * step,
  });
  const depth = signedDistance(
    Uint8Array.from({ length: size.width * size.height }, (_, i) => (isWithin(place(i), curve) ? 1 : 0)),
    size,
  );
  const points: Point[] = [];
  while (points.length < count) {
    let [best, at] = [0, -1];
    for (let i = 0; i < depth.length; i++) {
      if (depth[i]! <= 0) continue;
      const apart = Math.min(...points.map((point) => distance(point, place(i)) / step / 2));
      const value = Math.min(depth[i]!, apart);
      if (value > best) [best, at] = [value, i];
    }
    if (at < 0) break;
    points.push(place(at));
  }
  return points.map((point) => ({ ...pixelOf(point, photo), label }));
}

/** The logits of a model that is rather sure. */
const sure = 8;

/** A lasso's inside as a mask prompt: the model gets it as if it were its own earlier answer. */
export function lassoMask(curve: readonly Point[], photo: Size, inputSize: number): LowResMask {
  const { scaleX, scaleY } = letterbox(photo.width, photo.height, inputSize);
  const size = gridSize(inputSize);
  const logits = Float32Array.from({ length: size * size }, (_, i) => {
    const place = {
      x: (((i % size) + 0.5) * cellSize) / scaleX,
      y: ((Math.floor(i / size) + 0.5) * cellSize) / scaleY,
    };
    return isWithin(place, curve) ? sure : -sure;
  });
  return { logits, size };
}

/** Even-odd, the curve closed. */
function isWithin({ x, y }: Point, curve: readonly Point[]): boolean {
  let inside = false;
  for (let i = 0, j = curve.length - 1; i < curve.length; j = i++) {
    const [a, b] = [curve[i]!, curve[j]!];
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

const pixelOf = ({ x, y }: Point, { width, height }: Size): Point => ({
  x: Math.min(Math.max(Math.floor(x), 0), width - 1),
  y: Math.min(Math.max(Math.floor(y), 0), height - 1),
});
