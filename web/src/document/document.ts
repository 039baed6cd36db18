/**
 * What the user has said about a photo so far: objects, each with its own prompts. Edits are stored, masks are derived
 * from them.
 *
 * A document is a list of steps and an index into it; undo and redo move the index. A step is all objects as they were,
 * and which of them is being edited. What an object asks the model has a revision, a number that no other question of
 * the page's life shares, so an answer that carries the revision it was asked for can be dropped when stale – and found
 * again after undo.
 */
import { defaultPostprocessing, samePostprocessing, type Postprocessing } from "../postprocess/postprocess";
import type { LowResMask, Prompt, PromptBox, PromptPoint, Region } from "../engine/core/prompt";
import { noStrokes, type Stroke } from "../postprocess/strokes";

/** What is asked about one object. */
export interface Question {
  readonly revision: number;
  readonly points: readonly PromptPoint[];
  readonly box: PromptBox | null;
  /** Low-res logits of an earlier answer, handed to the decoder as its mask prompt. */
  readonly mask: LowResMask | null;
  /** What of the photo was in sight, of which a closer look may make more; null: too much for that. */
  readonly view: Region | null;
  /** Which of the three candidates was chosen; null leaves the choice to the model. */
  readonly candidate: number | null;
}

export interface PhotoObject extends Question {
  /** Unique in the document, and never used again. */
  readonly id: number;
  readonly name: string;
  /** Index into the page's palette; it goes round. */
  readonly colour: number;
  readonly hidden: boolean;
  /** How the model's answer is post-processed; called `finish` in project files too. Asks the model nothing. */
  readonly finish: Postprocessing;
  /** Painted and erased by hand since, the latest last. */
  readonly strokes: readonly Stroke[];
  /**
   * Id of the model whose answer was painted on, refined or saved: it stays the one that answers. Null: the finest one
   * there is.
   */
  readonly model: string | null;
}

export interface Step {
  /** From back to front; never empty. */
  readonly objects: readonly PhotoObject[];
  /** The id of the object that prompts are about. */
  readonly active: number;
}

export interface Document {
  readonly steps: readonly Step[];
  readonly index: number;
}

// A counter of the module and not of the document: two edits of the same document (a point being dragged) must differ
// too.
let lastRevision = 0;

export const newRevision = (): number => ++lastRevision;

export const noPrompts = { points: [], box: null, mask: null, view: null, candidate: null } as const;

/** An object nothing was said about. */
export const blankObject = (id: number, name: string, colour: number, finish: Postprocessing): PhotoObject => ({
  id,
  name,
  colour,
  hidden: false,
  finish,
  strokes: noStrokes,
  model: null,
  ...noPrompts,
  revision: newRevision(),
});

/** @param finish The post-processing that the first object begins with. */
export const createDocument = (finish: Postprocessing = defaultPostprocessing): Document => ({
  steps: [{ objects: [blankObject(1, "Object 1", 0, finish)], active: 1 }],
  index: 0,
});

export const currentStep = (doc: Document): Step => doc.steps[doc.index]!;

/** The object that is being edited. */
export const current = (doc: Document): PhotoObject => {
  const { objects, active } = currentStep(doc);
  return objects.find(({ id }) => id === active)!;
};

export const revisionOf = (doc: Document): number => current(doc).revision;

/** No point and no box: nothing to ask the model. */
export const asksNothing = ({ points, box }: Question): boolean => points.length === 0 && box === null;

/** Nothing to ask, and nothing painted either. */
export const isBlank = (object: PhotoObject): boolean => asksNothing(object) && object.strokes.length === 0;

/** Has nothing been said about the object that is being edited? */
export const isEmpty = (doc: Document): boolean => isBlank(current(doc));

export const toPrompt = ({ points, box, mask, view }: Question): Prompt => ({ points, box, mask, view });

export const addPoint = (doc: Document, point: PromptPoint): Document =>
  ask(doc, { points: [...current(doc).points, point] });

/**
 * Moves point `index`. While a point is dragged, call it on the document as it was when the drag began: the drag is
 * then one step.
 */
export function movePoint(doc: Document, index: number, to: { x: number; y: number }): Document {
  const { points } = current(doc);
  const point = points[index];
  if (!point || (point.x === to.x && point.y === to.y)) return doc;
  return ask(doc, { points: points.with(index, { ...point, x: to.x, y: to.y }) });
}

export function removePoint(doc: Document, index: number): Document {
  const { points } = current(doc);
  return index in points ? ask(doc, { points: points.toSpliced(index, 1) }) : doc;
}

/** Asks something that has nothing to do with what was asked before. */
export const askAnew = (doc: Document, { points, box = null, mask = null }: Prompt): Document =>
  ask(doc, { points, box, mask, view: null });

export const setBox = (doc: Document, box: PromptBox): Document => ask(doc, { box });

export const removeBox = (doc: Document): Document => (current(doc).box ? ask(doc, { box: null }) : doc);

/** Takes an answer as the mask prompt of what follows, or drops it (null). */
export const setMask = (doc: Document, mask: LowResMask | null): Document =>
  current(doc).mask === mask ? doc : ask(doc, { mask });

/** Looking at another candidate asks the model nothing: it keeps the revision, and is no step of its own to undo. */
export const chooseCandidate = (doc: Document, candidate: number | null): Document =>
  amend(doc, withObject(currentStep(doc), { ...current(doc), candidate }));

/** Removes every prompt and every stroke of the object, as one step that can be undone. */
export const clear = (doc: Document): Document =>
  isEmpty(doc) && !current(doc).mask ? doc : ask(doc, { ...noPrompts, strokes: noStrokes });

/** Paints, or erases, on the object that is being edited. The model is asked nothing. */
export function addStroke(doc: Document, stroke: Stroke): Document {
  const object = current(doc);
  return append(doc, withObject(currentStep(doc), { ...object, hidden: false, strokes: [...object.strokes, stroke] }));
}

/** Says what is done to the answers about the object that is being edited. */
export function setPostprocessing(doc: Document, finish: Postprocessing): Document {
  const object = current(doc);
  return samePostprocessing(object.finish, finish)
    ? doc
    : append(doc, withObject(currentStep(doc), { ...object, hidden: false, finish }));
}

export const canUndo = (doc: Document): boolean => doc.index > 0;
export const canRedo = (doc: Document): boolean => doc.index < doc.steps.length - 1;
export const undo = (doc: Document): Document => (canUndo(doc) ? { ...doc, index: doc.index - 1 } : doc);
export const redo = (doc: Document): Document => (canRedo(doc) ? { ...doc, index: doc.index + 1 } : doc);

/** Appends a step after the current one; what could have been redone is gone. */
export const append = (doc: Document, step: Step): Document => ({
  steps: [...doc.steps.slice(0, doc.index + 1), step],
  index: doc.index + 1,
});

/** Changes the current step itself: for what is no edit, and nothing to undo. */
export const amend = (doc: Document, step: Step): Document => ({ ...doc, steps: doc.steps.with(doc.index, step) });

/** Takes a chain of edits as one step. */
export const inOne = (before: Document, after: Document): Document =>
  after === before ? before : append(before, currentStep(after));

/** The step with one object replaced by its new state. */
export const withObject = (step: Step, object: PhotoObject): Step => ({
  ...step,
  objects: step.objects.map((other) => (other.id === object.id ? object : other)),
});

/**
 * Asks something new about the active object. The choice of a candidate and of a model ends with its question, and who
 * edits wants to see.
 */
function ask(
  doc: Document,
  change: Partial<Pick<PhotoObject, "points" | "box" | "mask" | "view" | "strokes">>,
): Document {
  return append(
    doc,
    withObject(currentStep(doc), {
      ...current(doc),
      hidden: false,
      candidate: null,
      model: null,
      ...change,
      revision: newRevision(),
    }),
  );
}
