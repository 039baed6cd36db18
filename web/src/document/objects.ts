/** Edits of the list of objects: each one a step to undo, except for the choice of the object to edit. */
import {
  amend,
  append,
  blankObject,
  current,
  currentStep,
  inOne,
  isBlank,
  newRevision,
  withObject,
  type Document,
  type PhotoObject,
  type Question,
  type Step,
} from "./document";
import { defaultPostprocessing, completePostprocessing } from "../postprocess/postprocess";
import { noStrokes } from "../postprocess/strokes";

export const objectsOf = (doc: Document): readonly PhotoObject[] => currentStep(doc).objects;

export const findObject = (doc: Document, id: number): PhotoObject | undefined =>
  objectsOf(doc).find((object) => object.id === id);

/**
 * A new object in front of the others, ready to be asked about, post-processed as the one before. One that nothing was said
 * about yet is taken instead.
 */
export function addObject(doc: Document): Document {
  const idle = objectsOf(doc).find(isBlank);
  if (idle) return selectObject(doc, idle.id);
  const id = nextId(doc);
  const object = blankObject(id, freeName(doc), freeColour(doc), current(doc).finish);
  return append(doc, { objects: [...objectsOf(doc), object], active: id });
}

/**
 * Objects for questions that are answered already, in front of the others, all in one step. The last one is then the
 * active one.
 */
export function addFound(doc: Document, questions: readonly Question[]): Document {
  const add = (before: Document, question: Question): Document => {
    const next = addObject(before);
    return append(next, withObject(currentStep(next), { ...current(next), ...question, hidden: false }));
  };
  return inOne(doc, questions.reduce(add, doc));
}

/** A copy in front of its original, with the same question and so the same answer. */
export function duplicateObject(doc: Document, id: number): Document {
  const original = findObject(doc, id);
  if (!original) return doc;
  const copy: PhotoObject = { ...original, id: nextId(doc), name: `${original.name} copy`, colour: freeColour(doc) };
  const objects = objectsOf(doc);
  return append(doc, { objects: objects.toSpliced(objects.indexOf(original) + 1, 0, copy), active: copy.id });
}

/** Removes an object; its neighbour becomes the active one. The last one is replaced by a blank one. */
export function removeObject(doc: Document, id: number): Document {
  const { objects, active } = currentStep(doc);
  const index = objects.findIndex((object) => object.id === id);
  if (index < 0) return doc;
  const rest = objects.toSpliced(index, 1);
  const neighbour = rest[Math.min(index, rest.length - 1)];
  if (neighbour) return append(doc, { objects: rest, active: active === id ? neighbour.id : active });
  const fresh = nextId(doc);
  return append(doc, { objects: [blankObject(fresh, "Object 1", 0, objects[index]!.finish)], active: fresh });
}

/** An empty name changes nothing. */
export function renameObject(doc: Document, id: number, name: string): Document {
  const words = name.trim().replaceAll(/\s+/g, " ");
  return words ? change(doc, id, { name: words.slice(0, longestName) }) : doc;
}

export const longestName = 60;

export const setHidden = (doc: Document, id: number, hidden: boolean): Document => change(doc, id, { hidden });

/** Moves an object to `place` in the order from back to front. */
export function moveObject(doc: Document, id: number, place: number): Document {
  const step = currentStep(doc);
  const from = step.objects.findIndex((object) => object.id === id);
  const to = Math.min(Math.max(place, 0), step.objects.length - 1);
  if (from < 0 || from === to) return doc;
  return append(doc, { ...step, objects: step.objects.toSpliced(from, 1).toSpliced(to, 0, step.objects[from]!) });
}

/** Says which object the next prompts are about. Nothing to undo: nothing has changed. */
export function selectObject(doc: Document, id: number): Document {
  const step = currentStep(doc);
  return step.active === id || !findObject(doc, id) ? doc : amend(doc, { ...step, active: id });
}

/**
 * A document as it was stored, perhaps by an older page, in one whose revisions have begun anew. Questions that were
 * shared stay shared.
 */
export function revive(doc: Document): Document {
  const revisions = new Map<number, number>();
  const renew = (old: number): number => {
    if (!revisions.has(old)) revisions.set(old, newRevision());
    return revisions.get(old)!;
  };
  const finishes = shared(completePostprocessing);
  const steps: Step[] = doc.steps.map((step) => ({
    ...step,
    objects: step.objects.map((object) => ({
      ...older,
      ...object,
      finish: object.finish ? finishes(object.finish) : defaultPostprocessing,
      revision: renew(object.revision),
    })),
  }));
  return { steps, index: doc.index };
}

/** Equal for what is the same object: pages keep outlines by it. */
function shared<T extends object, U>(make: (from: T) => U): (from: T) => U {
  const made = new Map<T, U>();
  return (from) => {
    if (!made.has(from)) made.set(from, make(from));
    return made.get(from)!;
  };
}

/** What objects did not have once. */
const older = { strokes: noStrokes, model: null, view: null };

function change(doc: Document, id: number, to: Partial<Pick<PhotoObject, "name" | "hidden">>): Document {
  const object = findObject(doc, id);
  if (!object || ((to.name ?? object.name) === object.name && (to.hidden ?? object.hidden) === object.hidden))
    return doc;
  return append(doc, withObject(currentStep(doc), { ...object, ...to }));
}

/** Above every id that any step knows: what was undone may come back. */
const nextId = (doc: Document): number =>
  1 + Math.max(...doc.steps.flatMap(({ objects }) => objects.map(({ id }) => id)));

/** The lowest number that no object is called by. */
function freeName(doc: Document): string {
  const taken = new Set(objectsOf(doc).map(({ name }) => name));
  for (let number = 1; ; number++) if (!taken.has(`Object ${number}`)) return `Object ${number}`;
}

function freeColour(doc: Document): number {
  const taken = new Set(objectsOf(doc).map(({ colour }) => colour));
  for (let colour = 0; ; colour++) if (!taken.has(colour)) return colour;
}
