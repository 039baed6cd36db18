import { expect, test } from "vitest";
import { addPoint, createDocument, setBox, setMask } from "../../src/document/document";
import { addObject } from "../../src/document/objects";
import { isDocument } from "../../src/document/validation";

const whole = () => {
  const asked = setBox(addPoint(createDocument(), { x: 3, y: 4, label: 1 }), { x1: 0, y1: 0, x2: 9, y2: 9 });
  return addObject(setMask(asked, { size: 2, logits: new Float32Array(4) }));
};
type Part = Record<string, unknown>;
const damaged = (change: (object: Part) => Part) => {
  const doc = structuredClone(whole());
  return {
    ...doc,
    steps: doc.steps.map((step) => ({ ...step, objects: step.objects.map((object) => change({ ...object })) })),
  };
};

test("a document is still one after storage, with fields that it did not have before", () => {
  expect(isDocument(structuredClone(createDocument()))).toBe(true);
  expect(isDocument(structuredClone(whole()))).toBe(true);
  expect(isDocument(damaged((object) => ({ ...object, view: { x: 0, y: 3, side: 90 } })))).toBe(true);
  expect(isDocument(damaged((object) => ({ ...object, view: undefined })))).toBe(true);
  expect(isDocument(damaged((object) => ({ ...object, later: [1, 2] })))).toBe(true);
});

test.each([
  ["nothing", null],
  ["a text", "document"],
  ["no steps", { steps: [], index: 0 }],
  ["an index beyond the steps", { ...whole(), index: 99 }],
  ["no objects", { steps: [{ objects: [], active: 1 }], index: 0 }],
  ["an active object that is not there", { ...whole(), steps: whole().steps.map((step) => ({ ...step, active: 77 })) }],
  ["a point without a place", damaged((object) => ({ ...object, points: [{ x: Number.NaN, y: 1, label: 1 }] }))],
  ["a point with another label", damaged((object) => ({ ...object, points: [{ x: 1, y: 1, label: 7 }] }))],
  ["half a box", damaged((object) => ({ ...object, box: { x1: 1, y1: 2 } }))],
  ["a mask that was cut short", damaged((object) => ({ ...object, mask: { size: 2, logits: new Float32Array(3) } }))],
  ["a view without a side", damaged((object) => ({ ...object, view: { x: 0, y: 3 } }))],
  ["a view of parts of pixels", damaged((object) => ({ ...object, view: { x: 0.5, y: 3, side: 90 } }))],
  ["a view that is none", damaged((object) => ({ ...object, view: "all" }))],
  ["a name that is none", damaged((object) => ({ ...object, name: 5 }))],
  ["a stroke that is none", damaged((object) => ({ ...object, strokes: [{ points: [], radius: 3, erase: false }] }))],
  ["a finish that is none", damaged((object) => ({ ...object, finish: { parts: "some" } }))],
  ["a candidate that is none", damaged((object) => ({ ...object, candidate: -1 }))],
])("%s is not a document", (_, value) => expect(isDocument(value)).toBe(false));
