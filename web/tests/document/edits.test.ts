import { describe, expect, it } from "vitest";
import { addPoint, createDocument, current, setBox, undo } from "../../src/document/document";
import type { LowResMask } from "../../src/engine/core/prompt";
import { correct, drawBox, dropPoint, flipPoint, replacePoint } from "../../src/document/edits";

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
