import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as edit from "../../src/document/document";

type Change = (doc: edit.Document) => edit.Document;
const coordinate = fc.integer({ min: 0, max: 500 });
const place = fc.record({ x: coordinate, y: coordinate });
const label = fc.constantFrom(0 as const, 1 as const);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, label).map(
    ([at, label]): Change =>
      (doc) =>
        edit.addPoint(doc, { ...at, label }),
  ),
  fc.tuple(fc.nat(4), place).map(
    ([i, to]): Change =>
      (doc) =>
        edit.movePoint(doc, i, to),
  ),
  fc.nat(4).map(
    (i): Change =>
      (doc) =>
        edit.removePoint(doc, i),
  ),
  fc.tuple(place, place).map(
    ([a, b]): Change =>
      (doc) =>
        edit.setBox(doc, { x1: a.x, y1: a.y, x2: b.x, y2: b.y }),
  ),
  fc.constant<Change>(edit.removeBox),
  fc.constant<Change>((doc) => edit.setMask(doc, { logits: new Float32Array(4), size: 2 })),
  fc.constant<Change>(edit.clear),
);
const choice: fc.Arbitrary<Change> = fc.nat(2).map(
  (i): Change =>
    (doc) =>
      edit.chooseCandidate(doc, i),
);
const move: fc.Arbitrary<Change> = fc.constantFrom<Change>(edit.undo, edit.redo);

const apply = (changes: Change[], doc = edit.createDocument()) => changes.reduce((so, next) => next(so), doc);
const times = (count: number, what: Change): Change[] => Array.from({ length: count }, () => what);

describe("a document", () => {
  test("goes back to the empty beginning and forward to the end again, whatever was done", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(change, choice)), (changes) => {
        const end = apply(changes);
        const start = apply(times(end.index, edit.undo), end);
        expect(edit.isEmpty(start)).toBe(true);
        expect(edit.canUndo(start)).toBe(false);
        expect(edit.current(apply(times(end.index, edit.redo), start))).toBe(edit.current(end));
      }),
    );
  });

  test("undoes exactly the last edit", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(change, move, choice)), change, (before, last) => {
        const doc = apply(before);
        const edited = last(doc);
        expect(edit.current(edit.undo(edited))).toBe(edit.current(edited === doc ? edit.undo(doc) : doc));
      }),
    );
  });

  test("never gives two states one revision, and finds the old revision again after undo", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(change, move), { minLength: 1 }), (changes) => {
        const seen = new Map<number, edit.PhotoObject>();
        let doc = edit.createDocument();
        for (const next of changes) {
          doc = next(doc);
          const step = edit.current(doc);
          expect(seen.get(step.revision) ?? step).toBe(step);
          seen.set(step.revision, step);
        }
      }),
    );
  });

  test("is never changed in place", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(change, move, choice)), change, (before, last) => {
        const doc = apply(before);
        const copy = structuredClone(doc);
        last(doc);
        expect(doc).toEqual(copy);
      }),
    );
  });

  test("drops what was undone when something else is done", () => {
    const one = edit.addPoint(edit.createDocument(), { x: 1, y: 1, label: 1 });
    const two = edit.addPoint(edit.undo(one), { x: 2, y: 2, label: 0 });
    expect(edit.canRedo(two)).toBe(false);
    expect(edit.current(two).points).toEqual([{ x: 2, y: 2, label: 0 }]);
  });

  test("makes one step of a drag, with a revision for every place on the way", () => {
    const start = edit.addPoint(edit.createDocument(), { x: 1, y: 1, label: 1 });
    const onTheWay = edit.movePoint(start, 0, { x: 5, y: 5 });
    const there = edit.movePoint(start, 0, { x: 9, y: 9 });
    expect(edit.revisionOf(onTheWay)).not.toBe(edit.revisionOf(there));
    expect(edit.current(edit.undo(there)).points[0]).toEqual({ x: 1, y: 1, label: 1 });
  });

  test("keeps the revision when another candidate is looked at, and forgets the choice with the next edit", () => {
    const asked = edit.addPoint(edit.createDocument(), { x: 1, y: 1, label: 1 });
    const chosen = edit.chooseCandidate(asked, 2);
    expect(edit.revisionOf(chosen)).toBe(edit.revisionOf(asked));
    expect(edit.current(edit.undo(chosen)).points).toEqual([]);
    expect(edit.current(edit.addPoint(chosen, { x: 3, y: 3, label: 1 })).candidate).toBeNull();
  });
});
