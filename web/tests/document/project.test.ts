import { unzipSync, strFromU8, strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import {
  addPoint,
  addStroke,
  createDocument,
  currentStep,
  setBox,
  setMask,
  type Document,
  type PhotoObject,
} from "../../src/document/document";
import { askFrom } from "../../src/document/edits";
import { addObject, renameObject, revive, setHidden } from "../../src/document/objects";
import { packProject, projectVersion, unpackProject, type Project } from "../../src/document/project";

const mask = { logits: Float32Array.from({ length: 16 }, (_, i) => i / 3 - 2), size: 4 };

function document(): Document {
  let doc = askFrom(createDocument(), { x: 0, y: 2, side: 64 }, (asked) => addPoint(asked, { x: 3, y: 4.5, label: 1 }));
  doc = setMask(doc, mask);
  doc = renameObject(doc, 1, "Cup & saucer");
  doc = addStroke(doc, {
    points: [
      { x: 1, y: 2 },
      { x: 3.5, y: 2 },
    ],
    radius: 4,
    erase: true,
  });
  doc = addObject(doc);
  doc = setMask(setBox(doc, { x1: 1, y1: 2, x2: 30, y2: 40 }), mask);
  return setHidden(doc, 1, true);
}

const project = (doc = document()): Project => ({
  photo: { name: "desk.jpg", type: "image/jpeg", bytes: Uint8Array.of(255, 216, 255, 1, 2, 3) },
  document: doc,
  model: "tiny",
});

function bytesOf(made: Project): Uint8Array {
  const parts = packProject(made);
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A project with something in its JSON changed. */
function changed(change: (json: Record<string, never>) => void): Uint8Array {
  const entries = unzipSync(bytesOf(project()));
  const json = JSON.parse(strFromU8(entries["document.json"]!));
  change(json);
  return zipSync({ ...entries, "document.json": strToU8(JSON.stringify(json)) });
}

const codeOf = (bytes: Uint8Array): string => {
  try {
    unpackProject(bytes);
    return "opened";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe("a project", () => {
  it("brings back the photo, every object and who is edited", () => {
    const made = project();
    const read = unpackProject(bytesOf(made));
    expect(read.photo).toEqual(made.photo);
    expect(read.model).toBe("tiny");
    expect(currentStep(read.document)).toEqual(currentStep(made.document));
    expect(currentStep(read.document).objects[0]!.view).toEqual({ x: 0, y: 2, side: 64 });
    expect(currentStep(revive(read.document)).objects.map(({ name }) => name)).toEqual(["Cup & saucer", "Object 1"]);
  });

  it("keeps what it knows nothing of, arrays of numbers too, and writes each of them once", () => {
    const [object] = currentStep(document()).objects;
    const more = {
      ...object!,
      edges: { feather: 2.5, strokes: [Uint16Array.of(1, 2, 3)] },
      again: mask.logits,
      mask,
    } as PhotoObject;
    const bytes = bytesOf(project({ steps: [{ objects: [more], active: 1 }], index: 0 }));
    expect(Object.keys(unzipSync(bytes)).filter((name) => name.startsWith("arrays/"))).toHaveLength(2);
    expect(currentStep(unpackProject(bytes).document).objects[0]).toEqual(more);
  });

  it("gives what an older file lacks its first value", () => {
    const bytes = changed((json: { step?: { objects: { finish?: unknown; strokes?: unknown; view?: unknown }[] } }) => {
      for (const object of json.step!.objects) {
        delete object.view;
        delete object.finish;
        delete object.strokes;
      }
    });
    expect(currentStep(revive(unpackProject(bytes).document)).objects[0]).toMatchObject({
      strokes: [],
      view: null,
      finish: currentStep(createDocument()).objects[0]!.finish,
    });
  });
});

describe("a file that is none", () => {
  it("is damaged where it is cut off or a bit has flipped", () => {
    const bytes = bytesOf(project());
    expect(codeOf(bytes.subarray(0, bytes.length / 2))).toBe("damaged");
    const flipped = bytes.slice();
    const photo = flipped.findIndex((byte, i) => byte === 255 && flipped[i + 1] === 216);
    flipped[photo + 3]! ^= 1;
    expect(codeOf(flipped)).toBe("damaged");
  });

  it("is newer where its version is", () => {
    expect(codeOf(changed((json: { version?: number }) => void (json.version = projectVersion + 1)))).toBe("newer");
  });

  it("is no project where it is some other ZIP", () => {
    expect(codeOf(zipSync({ "letter.txt": strToU8("Dear reader") }))).toBe("not-a-project");
    expect(codeOf(changed((json: { format?: string }) => void (json.format = "other")))).toBe("not-a-project");
  });

  it.each([
    ["no objects", (step: { objects: unknown[] }) => (step.objects = [])],
    ["an active object that is not there", (step: { active?: number }) => (step.active = 9)],
    [
      "a point that is nowhere",
      (step: { objects: { points: unknown[] }[] }) => (step.objects[0]!.points = [{ x: null, y: 1, label: 1 }]),
    ],
    ["the same object twice", (step: { objects: unknown[] }) => (step.objects = [step.objects[0], step.objects[0]])],
    [
      "logits that are missing",
      (step: { objects: { mask: unknown }[] }) =>
        (step.objects[0]!.mask = { size: 4, logits: { $array: "arrays/9.bin", of: "Float32Array" } }),
    ],
  ])("is damaged with %s", (_, change) => {
    expect(codeOf(changed((json: { step?: never }) => void change(json.step!)))).toBe("damaged");
  });
});

describe("a file that was made to do harm", () => {
  const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  const withJson = (json: string): Uint8Array =>
    zipSync({ ...unzipSync(bytesOf(project())), "document.json": strToU8(json) });

  it("is damaged where it is nested deeper than the stack is", () => {
    const json = strFromU8(unzipSync(bytesOf(project()))["document.json"]!);
    expect(codeOf(withJson(nested(200_000)))).toMatch(/damaged|not-a-project/);
    expect(codeOf(withJson(json.replace('"step":', `"step":${nested(200_000)},"once":`)))).toBe("damaged");
  });

  it("is damaged where it says that it unpacks to more than a memory holds, or to less than it does", () => {
    const bytes = bytesOf(project());
    const view = new DataView(bytes.buffer);
    /** Changes the unpacked size of the photo in the ZIP's list. */
    const claim = (size: number): Uint8Array => {
      const changedBytes = bytes.slice();
      for (let at = 0; at + 46 < bytes.length; at++) {
        if (view.getUint32(at, true) !== 0x02014b50) continue;
        const name = strFromU8(bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
        if (name === "photo") new DataView(changedBytes.buffer).setUint32(at + 24, size, true);
      }
      return changedBytes;
    };
    expect(codeOf(claim(0xfffffff0))).toBe("damaged");
    expect(codeOf(claim(6))).toBe("opened");
  });

  it("reaches nothing outside by the names in it", () => {
    const entries = unzipSync(bytesOf(project()));
    const bytes = zipSync({
      ...entries,
      "../../evil": strToU8("x"),
      __proto__x: strToU8("y"),
      constructor: strToU8("z"),
    });
    expect(codeOf(bytes)).toBe("opened");
    expect(({} as { evil?: unknown }).evil).toBeUndefined();
    const poisoned = strFromU8(entries["document.json"]!).replace('"step":{', '"step":{"__proto__":{"polluted":1},');
    expect(codeOf(withJson(poisoned))).toBe("opened");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ["points without end", (point: { x: number }) => (point.x = 1e308)],
    ["a point of a third kind", (point: { label: number }) => (point.label = 7)],
  ])("with %s is damaged or opens, and never anything else", (_, change) => {
    const code = codeOf(
      changed((json) => {
        const { objects } = (json as unknown as { step: { objects: { points: never[] }[] } }).step;
        for (const { points } of objects) for (const point of points) change(point);
      }),
    );
    expect(["damaged", "opened"]).toContain(code);
  });
});
