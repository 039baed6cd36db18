import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addPoint,
  addStroke,
  clear,
  createDocument,
  current,
  isEmpty,
  redo,
  revisionOf,
  setBox,
  setPostprocessing,
  undo,
  type Document,
  type Step,
} from "../../src/document/document";
import { defaultPostprocessing, noPostprocessing, type Postprocessing } from "../../src/postprocess/postprocess";
import {
  addFound,
  addObject,
  duplicateObject,
  moveObject,
  objectsOf,
  removeObject,
  renameObject,
  revive,
  selectObject,
  setHidden,
} from "../../src/document/objects";

type Change = (doc: Document) => Document;
const id = fc.integer({ min: 1, max: 5 });
const edit: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((doc) => addPoint(doc, { x: 1, y: 1, label: 1 })),
  fc.constant<Change>((doc) => setBox(doc, { x1: 0, y1: 0, x2: 5, y2: 5 })),
  fc.constant<Change>(clear),
  fc.constant<Change>(addObject),
  id.map(
    (id): Change =>
      (doc) =>
        duplicateObject(doc, id),
  ),
  id.map(
    (id): Change =>
      (doc) =>
        removeObject(doc, id),
  ),
  id.map(
    (id): Change =>
      (doc) =>
        selectObject(doc, id),
  ),
  id.map(
    (id): Change =>
      (doc) =>
        setHidden(doc, id, true),
  ),
  fc.tuple(id, fc.string()).map(
    ([id, name]): Change =>
      (doc) =>
        renameObject(doc, id, name),
  ),
  fc.tuple(id, fc.nat(5)).map(
    ([id, place]): Change =>
      (doc) =>
        moveObject(doc, id, place),
  ),
);
const apply = (changes: Change[], doc = createDocument()) => changes.reduce((so, next) => next(so), doc);
const names = (doc: Document) => objectsOf(doc).map(({ name }) => name);
const tap: Change = (doc) => addPoint(doc, { x: 1, y: 1, label: 1 });
const two = apply([tap, addObject, tap]);

describe("objects of a document", () => {
  test("always are some, with one of them active and no two alike in their ids, and all come back after undo and redo", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(edit, fc.constantFrom<Change>(undo, redo))), (changes) => {
        const doc = apply(changes);
        const ids = objectsOf(doc).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toContain(current(doc).id);
        const back = apply(
          Array.from({ length: doc.index }, () => undo),
          doc,
        );
        expect(objectsOf(back)).toHaveLength(1);
        expect(
          objectsOf(
            apply(
              Array.from({ length: doc.index }, () => redo),
              back,
            ),
          ),
        ).toEqual(objectsOf(doc));
      }),
    );
  });

  test("keep their questions while another one is edited, so that their answers stay", () => {
    const [first] = objectsOf(two);
    expect(objectsOf(tap(two))[0]).toBe(first);
    expect(revisionOf(selectObject(two, first!.id))).toBe(first!.revision);
  });

  test("are new in front, with a name and a colour of their own; an idle one is used first", () => {
    expect(names(two)).toEqual(["Object 1", "Object 2"]);
    expect(objectsOf(two).map(({ colour }) => colour)).toEqual([0, 1]);
    const third = addObject(two);
    expect(isEmpty(third)).toBe(true);
    expect(objectsOf(addObject(selectObject(third, 1)))).toHaveLength(3);
    expect(current(addObject(selectObject(third, 1))).id).toBe(current(third).id);
  });

  test("are duplicated with their question, in front of the original", () => {
    const doc = renameObject(duplicateObject(two, 1), 1, "  Cup   of tea ");
    expect(names(doc)).toEqual(["Cup of tea", "Object 1 copy", "Object 2"]);
    expect(objectsOf(doc)[1]!.revision).toBe(objectsOf(doc)[0]!.revision);
    expect(current(doc).name).toBe("Object 1 copy");
    expect(revisionOf(tap(doc))).not.toBe(objectsOf(doc)[0]!.revision);
  });

  test("are deleted, and the neighbour becomes the active one; the last leaves a blank one behind", () => {
    const one = removeObject(two, 2);
    expect([names(one), current(one).id]).toEqual([["Object 1"], 1]);
    const none = removeObject(one, 1);
    expect([names(none), isEmpty(none)]).toEqual([["Object 1"], true]);
    expect(names(apply([undo, undo], none))).toEqual(["Object 1", "Object 2"]);
    expect(current(none).id).not.toBe(1);
  });

  test("show themselves when somebody edits them", () => {
    const hidden = setHidden(two, 2, true);
    expect(current(hidden).hidden).toBe(true);
    expect(current(tap(hidden)).hidden).toBe(false);
  });

  test("are selected without a step to undo", () => {
    expect(selectObject(two, 1).index).toBe(two.index);
    expect(selectObject(two, 1).steps).toHaveLength(two.steps.length);
    expect(selectObject(two, 99)).toBe(two);
  });

  test("that were painted are not blank, though they ask nothing; clear takes the paint along, undo brings it back", () => {
    const painted = addStroke(createDocument(), { points: [{ x: 5, y: 5 }], radius: 3, erase: false });
    expect(isEmpty(painted)).toBe(false);
    expect(revisionOf(painted)).toBe(revisionOf(undo(painted)));
    expect(objectsOf(addObject(painted))).toHaveLength(2);
    expect(isEmpty(clear(painted))).toBe(true);
    expect(current(undo(clear(painted))).strokes).toHaveLength(1);
    expect(isEmpty(undo(painted))).toBe(true);
    expect(current(tap(painted)).strokes).toHaveLength(1);
  });

  test("begin with the finish of the one before; changing it asks nothing", () => {
    const raw = setPostprocessing(two, { ...noPostprocessing });
    expect(revisionOf(raw)).toBe(revisionOf(two));
    expect(setPostprocessing(raw, { ...noPostprocessing })).toBe(raw);
    expect(current(addObject(raw)).finish).toEqual(noPostprocessing);
    expect(current(undo(raw)).finish).toEqual(defaultPostprocessing);
    expect(current(clear(raw)).finish).toEqual(noPostprocessing);
  });

  test("of before there were soft edges keep their hard ones", () => {
    const { soft: _, ...stored } = defaultPostprocessing;
    const doc = setPostprocessing(createDocument(), stored as Postprocessing);
    expect(current(revive(doc)).finish).toEqual({ ...defaultPostprocessing, soft: false });
    expect(current(revive(createDocument())).finish.soft).toBe(true);
  });

  test("of an older page come out of storage with what they did not have then", () => {
    const stored = structuredClone(two);
    for (const { objects } of stored.steps)
      for (const object of objects as Partial<Step["objects"][number]>[])
        delete (object as { strokes?: unknown }).strokes;
    expect(current(revive(stored)).strokes).toEqual([]);
  });

  test("come out of storage with fresh revisions, shared where they were shared", () => {
    const stored = structuredClone(duplicateObject(two, 1));
    const doc = revive(stored);
    const [first, copy, second] = objectsOf(doc);
    expect(first!.revision).toBe(copy!.revision);
    expect(objectsOf(undo(doc))[0]!.revision).toBe(first!.revision);
    expect(second!.revision).not.toBe(first!.revision);
    expect(objectsOf(stored).map(({ revision }) => revision)).not.toContain(first!.revision);
  });
});

test("masks that were found become objects in one step, the blank one first, with the answers they have", () => {
  const question = (revision: number) => ({
    revision,
    points: [{ x: 1.5, y: 2, label: 1 as const }],
    box: null,
    mask: null,
    view: null,
    candidate: 2,
  });
  const doc = createDocument();
  const kept = addFound(doc, [question(-1), question(-2)]);
  expect(objectsOf(kept).map(({ name, revision, candidate }) => [name, revision, candidate])).toEqual([
    ["Object 1", -1, 2],
    ["Object 2", -2, 2],
  ]);
  expect(current(kept).revision).toBe(-2);
  expect(objectsOf(undo(kept))).toEqual(objectsOf(doc));
});
