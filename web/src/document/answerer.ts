/**
 * Which model's answer an object goes on with: the one whose mask was painted on, refined or saved stays, whatever
 * other model comes.
 */
import { amend, currentStep, type Document, type PhotoObject } from "./document";

const mark = "@region";

/** The name of a model that looked at a region of the photo, where what was meant is small. */
export const closeUp = (model: string): string => model + mark;

export const isCloseUp = (answerer: string): boolean => answerer.endsWith(mark);

/** The id of the model, wherever it looked. */
export const modelOf = (answerer: string): string => (isCloseUp(answerer) ? answerer.slice(0, -mark.length) : answerer);

/** Who answered what an object asks now: a model's id, or its `closeUp`; null: nobody did yet. */
export type AnswererOf = (object: PhotoObject) => string | null;

/**
 * The document after an edit, with the answerer's name on what was painted on or refined by it. Undo and redo bring
 * names of their own.
 */
export function attributed(before: Document, after: Document, answererOf: AnswererOf): Document {
  if (after.steps === before.steps) return after;
  const known = new Map(currentStep(before).objects.map((object) => [object.id, object]));
  const ids = currentStep(after).objects.filter((object) => {
    const earlier = known.get(object.id);
    return (
      earlier?.revision === object.revision && (earlier.strokes !== object.strokes || earlier.finish !== object.finish)
    );
  });
  return held(
    after,
    ids.map(({ id }) => id),
    answererOf,
  );
}

/** Names the answerer of some objects in the current step, which is no edit. */
export function held(doc: Document, ids: readonly number[], answererOf: AnswererOf): Document {
  const step = currentStep(doc);
  const name = (object: PhotoObject): PhotoObject => {
    const model = ids.includes(object.id) ? answererOf(object) : null;
    return model === null || model === object.model ? object : { ...object, model };
  };
  const objects = step.objects.map(name);
  return objects.every((object, i) => object === step.objects[i]) ? doc : amend(doc, { ...step, objects });
}
