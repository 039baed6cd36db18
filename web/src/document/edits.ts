/** The edits that gestures make: each one a single step to undo. */
import {
  addPoint,
  amend,
  askAnew,
  current,
  currentStep,
  inOne,
  movePoint,
  removePoint,
  setBox,
  setMask,
  withObject,
  type Document,
} from "./document";
import { holds, hull } from "../engine/core/lookAgain";
import type { LowResMask, PromptBox, PromptPoint, Region } from "../engine/core/prompt";

/**
 * Adds a point that corrects an answer: the model gets that answer along with the point.
 *
 * @param answer The mask that the user was looking at, or null when there was none.
 */
export const correct = (doc: Document, point: PromptPoint, answer: LowResMask | null): Document =>
  inOne(doc, setMask(addPoint(doc, point), answer));

/** Adds the points of a scribble, which corrects an answer as a single point does. */
export const correctAlong = (doc: Document, points: readonly PromptPoint[], answer: LowResMask | null): Document =>
  inOne(doc, setMask(points.reduce(addPoint, doc), answer));

/**
 * Asks about what a lasso holds, and nothing else.
 *
 * @param mask The lasso's own inside, as if it were an earlier answer.
 */
export const encircle = (
  doc: Document,
  box: PromptBox,
  points: readonly PromptPoint[],
  mask: LowResMask | null,
): Document => askAnew(doc, { points, box, mask });

/** Moves a point. The earlier answer stays a prompt only if it came before that point. */
export function replacePoint(doc: Document, index: number, to: { x: number; y: number }): Document {
  const moved = movePoint(doc, index, to);
  if (moved === doc || index === current(doc).points.length - 1) return moved;
  return inOne(doc, setMask(moved, null));
}

/** Removes a point, and with it every answer that knew of it. */
export function dropPoint(doc: Document, index: number): Document {
  const removed = removePoint(doc, index);
  return removed === doc ? doc : inOne(doc, setMask(removed, null));
}

/** Turns a point from "part of it" to "not part of it", or back. */
export function flipPoint(doc: Document, index: number): Document {
  const { points } = current(doc);
  const point = points[index];
  if (!point) return doc;
  const flipped = { ...point, label: point.label === 1 ? 0 : 1 } as const;
  // Rebuilt in order, because points carry numbers.
  const bare = points.slice(index).reduce((next) => removePoint(next, index), doc);
  return inOne(doc, setMask([flipped, ...points.slice(index + 1)].reduce(addPoint, bare), null));
}

/** A box asks anew: no earlier answer goes with it. */
export const drawBox = (doc: Document, box: PromptBox): Document => inOne(doc, setMask(setBox(doc, box), null));

/**
 * An edit that asks something, with the view that it was asked from: the one now where it holds all points and the box, or
 * else the one before where that does.
 *
 * @param view What of the photo is in sight now; null: too much for a closer look.
 */
export function askFrom(doc: Document, view: Region | null, change: (doc: Document) => Document): Document {
  const asked = change(doc);
  if (asked === doc) return doc;
  const object = current(asked);
  const prompts = hull(object.points, object.box);
  const latest = [view, object.view].find((each) => each && prompts && holds(each, prompts)) ?? null;
  return latest === object.view ? asked : amend(asked, withObject(currentStep(asked), { ...object, view: latest }));
}
