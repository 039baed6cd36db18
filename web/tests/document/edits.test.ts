import { describe, expect, it } from "vitest";
import { addPoint, clear, createDocument, current, setBox, undo } from "../../src/document/document";
import type { LowResMask, Region } from "../../src/engine/core/prompt";
import { askFrom, correct, drawBox, dropPoint, encircle, flipPoint, replacePoint } from "../../src/document/edits";

const mask: LowResMask = { logits: new Float32Array(4), size: 2 };
const first = addPoint(createDocument(), { x: 1, y: 1, label: 1 });

describe("edits", () => {
  it("corrects with a point and the answer in one step", () => {
    const doc = correct(first, { x: 2, y: 2, label: 0 }, mask);
    expect(current(doc)).toMatchObject({ points: [{ x: 1 }, { x: 2 }], mask });
    expect(undo(doc).index).toBe(first.index);
    expect(current(undo(doc))).toEqual(current(first));
  });

  it("keeps the answer while the point that came after it moves, and drops it when an earlier one does", () => {
    const doc = correct(first, { x: 2, y: 2, label: 0 }, mask);
    expect(current(replacePoint(doc, 1, { x: 5, y: 5 })).mask).toBe(mask);
    expect(current(replacePoint(doc, 0, { x: 5, y: 5 })).mask).toBeNull();
    expect(replacePoint(doc, 0, { x: 5, y: 5 }).index).toBe(doc.index + 1);
    expect(replacePoint(doc, 0, { x: 1, y: 1 })).toBe(doc);
  });

  it("drops a point with the answers that knew of it", () => {
    const doc = dropPoint(correct(first, { x: 2, y: 2, label: 0 }, mask), 1);
    expect(current(doc)).toMatchObject({ points: [{ x: 1 }], mask: null });
    expect(dropPoint(doc, 9)).toBe(doc);
  });

  it("flips a point where it stands", () => {
    const doc = flipPoint(correct(first, { x: 2, y: 2, label: 0 }, mask), 0);
    expect(current(doc).points).toEqual([
      { x: 1, y: 1, label: 0 },
      { x: 2, y: 2, label: 0 },
    ]);
    expect(doc.index).toBe(3);
  });

  it("asks anew with a box", () => {
    const doc = drawBox(correct(setBox(first, { x1: 0, y1: 0, x2: 1, y2: 1 }), { x: 2, y: 2, label: 0 }, mask), {
      x1: 0,
      y1: 0,
      x2: 9,
      y2: 9,
    });
    expect(current(doc)).toMatchObject({ mask: null, box: { x2: 9 } });
    expect(current(doc).points).toHaveLength(2);
  });
});

describe("the view that was asked from", () => {
  const [here, there]: Region[] = [
    { x: 0, y: 0, side: 100 },
    { x: 50, y: 50, side: 100 },
  ];
  const tapped = (x: number, view: Region | null, doc = createDocument()) =>
    askFrom(doc, view, (before) => addPoint(before, { x, y: x, label: 1 }));
  const viewOf = (doc: ReturnType<typeof tapped>) => current(doc).view;

  it("belongs to the question, and is no step of its own", () => {
    const doc = tapped(60, here!);
    expect([viewOf(doc), doc.index]).toEqual([here, 1]);
    expect(viewOf(undo(doc))).toBeNull();
  });

  it("is the latest one that holds all points and the box, or none", () => {
    const one = tapped(60, here!);
    expect(viewOf(tapped(70, there!, one))).toBe(there);
    expect(viewOf(tapped(70, null, one))).toBe(here);
    expect(viewOf(tapped(70, there!, tapped(10, here!)))).toBe(here);
    expect(viewOf(tapped(120, there!, tapped(10, here!)))).toBeNull();
    expect(viewOf(askFrom(one, there!, (doc) => drawBox(doc, { x1: 20, y1: 60, x2: 70, y2: 90 })))).toBe(here);
    expect(viewOf(askFrom(one, there!, (doc) => drawBox(doc, { x1: 60, y1: 60, x2: 120, y2: 120 })))).toBe(there);
    expect(viewOf(undo(tapped(70, there!, one)))).toBe(here);
  });

  it("ends with what was asked", () => {
    const one = tapped(60, here!);
    const box = { x1: 10, y1: 10, x2: 30, y2: 30 };
    expect(viewOf(askFrom(one, null, (doc) => encircle(doc, box, [], null)))).toBeNull();
    expect(viewOf(clear(one))).toBeNull();
    expect(askFrom(one, there!, (doc) => doc)).toBe(one);
  });
});
