/**
 * What the user has said about a photo so far. Edits are stored, masks are derived from them.
 *
 * A document is a list of steps and an index into it; undo and redo move the index. Every step has a revision, a number that no
 * other step of the page's life shares, so an answer that carries the revision it was asked for can be dropped when stale – and
 * found again after undo.
 */
import type { LowResMask, Prompt, PromptBox, PromptPoint } from "./prompt";

export interface Step {
  readonly revision: number;
  readonly points: readonly PromptPoint[];
  readonly box: PromptBox | null;
  /** Low-res logits of an earlier answer, handed to the decoder as its mask prompt. */
  readonly mask: LowResMask | null;
  /** Which of the three candidates was chosen; null leaves the choice to the model. */
  readonly candidate: number | null;
}

export interface Document {
  readonly steps: readonly Step[];
  readonly index: number;
}

// A counter of the module and not of the document: two edits of the same document (a point being dragged) must differ too.
let lastRevision = 0;

const emptyStep = { points: [], box: null, mask: null, candidate: null } as const;

export const createDocument = (): Document => ({ steps: [{ ...emptyStep, revision: ++lastRevision }], index: 0 });

export const current = (doc: Document): Step => doc.steps[doc.index]!;

export const revisionOf = (doc: Document): number => current(doc).revision;

/** No point and no box: nothing to ask the model. */
export const isEmpty = (doc: Document): boolean => current(doc).points.length === 0 && current(doc).box === null;

export const toPrompt = (step: Step): Prompt => ({ points: step.points, box: step.box, mask: step.mask });

export const addPoint = (doc: Document, point: PromptPoint): Document => edit(doc, { points: [...current(doc).points, point] });

/**
 * Moves point `index`. While a point is dragged, call it on the document as it was when the drag began: the drag is then one step.
 */
export function movePoint(doc: Document, index: number, to: { x: number; y: number }): Document {
  const { points } = current(doc);
  const point = points[index];
  if (!point || (point.x === to.x && point.y === to.y)) return doc;
  return edit(doc, { points: points.with(index, { ...point, x: to.x, y: to.y }) });
}

export function removePoint(doc: Document, index: number): Document {
  const { points } = current(doc);
  return index in points ? edit(doc, { points: points.toSpliced(index, 1) }) : doc;
}

export const setBox = (doc: Document, box: PromptBox): Document => edit(doc, { box });

export const removeBox = (doc: Document): Document => (current(doc).box ? edit(doc, { box: null }) : doc);

/** Takes an answer as the mask prompt of what follows, or drops it (null). */
export const setMask = (doc: Document, mask: LowResMask | null): Document => (current(doc).mask === mask ? doc : edit(doc, { mask }));

/** Looking at another candidate asks the model nothing: it keeps the revision, and is no step of its own to undo. */
export const chooseCandidate = (doc: Document, candidate: number | null): Document => ({
  ...doc,
  steps: doc.steps.with(doc.index, { ...current(doc), candidate }),
});

/** Removes everything, as one step that can be undone. */
export const clear = (doc: Document): Document => (isEmpty(doc) && !current(doc).mask ? doc : edit(doc, emptyStep));

export const canUndo = (doc: Document): boolean => doc.index > 0;
export const canRedo = (doc: Document): boolean => doc.index < doc.steps.length - 1;
export const undo = (doc: Document): Document => (canUndo(doc) ? { ...doc, index: doc.index - 1 } : doc);
export const redo = (doc: Document): Document => (canRedo(doc) ? { ...doc, index: doc.index + 1 } : doc);

/** Appends a step after the current one; what could have been redone is gone. The choice of a candidate ends with its question. */
function edit(doc: Document, change: Partial<Omit<Step, "revision" | "candidate">>): Document {
  const step: Step = { ...current(doc), candidate: null, ...change, revision: ++lastRevision };
  return { steps: [...doc.steps.slice(0, doc.index + 1), step], index: doc.index + 1 };
}
