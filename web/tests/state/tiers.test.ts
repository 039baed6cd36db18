/** One photo before two models: who answers when, and what stays as it is. */
import { expect, test, vi } from "vitest";
import {
  addPoint,
  addStroke,
  chooseCandidate,
  current,
  setPostprocessing,
  undo,
  type Document,
} from "../../src/document/document";
import { addFound } from "../../src/document/objects";
import { EngineError, type EncodedImage, type Segmenter } from "../../src/engine/segmenter";
import { defaultPostprocessing } from "../../src/postprocess/postprocess";
import type { Photo } from "../../src/state/photo";
import { Session } from "../../src/state/session";
import { deferred } from "../engine/fakes";

const photo = {
  width: 40,
  height: 30,
  forEncoder: async () => ({ source: {}, transfer: false }),
  close: () => undefined,
  forgetFull: () => undefined,
} as unknown as Photo;
const tap = (doc: Document) => addPoint(doc, { x: 3, y: 4, label: 1 });
const stroke = { points: [{ x: 1, y: 1 }], radius: 2, erase: false };
const paint = (doc: Document) => addStroke(doc, stroke);

/** A model that answers at once, or when it is told to. */
function fakeModel(id: string, finer: string | null = null) {
  const read = deferred<void>();
  const asked: { kind: string | undefined }[] = [];
  let fault: EngineError | null = null;
  const image = {
    segment: async (_: unknown, { kind }: { kind?: string }) => {
      asked.push({ kind });
      if (fault) throw fault;
      return {
        masks: [0, 1, 2].map(() => ({ logits: new Float32Array(256), size: 16 })),
        scores: [0.1, 0.9, 0.2],
        tokens: [1, 2, 3],
        best: 1,
      };
    },
    release: vi.fn(),
  } as unknown as EncodedImage;
  const info = { model: { id, input_size: 64, mask_threshold: 0 }, variant: "int8", finer, provider: "wasm" };
  const segmenter = { info, encode: () => read.promise.then(() => image) } as unknown as Segmenter;
  return {
    segmenter,
    image,
    asked,
    read: () => read.resolve(),
    fail: (error: EngineError | null) => void (fault = error),
  };
}

/** A photo that the fast model has read; `refined` settles when the precise one has. */
async function open(onFineError: (error: unknown) => void = () => undefined) {
  const [fast, fine] = [fakeModel("quick", "fine"), fakeModel("fine")];
  const complaints: unknown[] = [];
  const session = new Session(photo, (error) => complaints.push(error), null, onFineError);
  fast.read();
  await session.encode(fast.segmenter);
  const refined = session.refine(fine.segmenter);
  const by = () => session.answer.value?.by;
  return { session, fast, fine, refined, by, complaints };
}

/** All that is under way has come. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

test("a tap is answered by the fast model, and anew by the precise one when it has read the photo", async () => {
  const { session, fine, refined, by } = await open();
  const settling = vi.fn();
  session.beforeSettling = settling;
  session.edit(tap);
  await settle();
  expect([by(), session.tier.value, session.segmenting.value]).toEqual(["quick", "fast", false]);
  expect(settling).not.toHaveBeenCalled();
  fine.read();
  await refined;
  await settle();
  expect([by(), session.tier.value]).toEqual(["fine", "precise"]);
  expect(settling).toHaveBeenCalledOnce();
  session.edit(tap);
  await settle();
  expect(by()).toBe("fine");
  expect(settling).toHaveBeenCalledOnce();
});

test("what is settled was never unanswered: it can be saved all the time, and the page does not wait", async () => {
  const { session, fine, refined } = await open();
  session.edit(tap);
  await settle();
  const waited: boolean[] = [];
  session.segmenting.subscribe((segmenting) => waited.push(segmenting));
  session.answer.subscribe((answer) => expect(answer).not.toBeNull());
  fine.read();
  await refined;
  await settle();
  expect(waited).toEqual([false]);
});

test.each<[string, (session: Session) => void]>([
  ["painted on", (session) => session.edit(paint)],
  ["refined", (session) => session.edit((doc) => setPostprocessing(doc, { ...defaultPostprocessing, feather: 9 }))],
  ["saved", (session) => session.hold()],
])("an answer that was %s is left alone, and says whose it is", async (_, hold) => {
  const { session, fine, refined, by } = await open();
  session.edit(tap);
  await settle();
  const answer = session.answer.value;
  hold(session);
  expect(session.active.value.model).toBe("quick");
  fine.read();
  await refined;
  await settle();
  expect(session.answer.value).toBe(answer);
  expect(session.tier.value).toBe("fast");
  // Another question is open to the better one.
  session.edit(tap);
  await settle();
  expect(by()).toBe("fine");
});

test("what was painted before the fast model answered is left alone too", async () => {
  const { session, fine, refined, by } = await open();
  session.edit((doc) => paint(tap(doc)));
  await settle();
  expect(session.active.value.model).toBe("quick");
  fine.read();
  await refined;
  await settle();
  expect(by()).toBe("quick");
});

test("undoing what was painted lets the mask settle, and its candidate stays chosen", async () => {
  const { session, fine, refined, by } = await open();
  session.edit(tap);
  await settle();
  session.edit((doc) => chooseCandidate(doc, 2));
  session.edit(paint);
  fine.read();
  await refined;
  await settle();
  expect(by()).toBe("quick");
  session.edit(undo);
  await settle();
  expect([by(), session.candidate.value, current(session.document.value).model]).toEqual(["fine", 2, null]);
});

test("a reopened object is answered by the model that it is held by", async () => {
  const { session, fine, refined } = await open();
  session.edit((doc) =>
    addFound(
      doc,
      [1, 2].map((revision) => ({
        points: [{ x: 1, y: 1, label: 1 as const }],
        box: null,
        mask: null,
        view: null,
        candidate: null,
        revision: -revision,
      })),
    ),
  );
  session.document.value = {
    ...session.document.value,
    steps: session.document.value.steps.map((step) => ({
      ...step,
      objects: step.objects.map((object, i) => ({ ...object, model: i ? "fine" : "quick" })),
    })),
  };
  await session.ask();
  const answerers = () =>
    session.objects.value.map((object) =>
      (session as unknown as { answererOf(of: typeof object): string | null }).answererOf(object),
    );
  expect(answerers()).toEqual(["quick", "quick"]);
  fine.read();
  await refined;
  await settle();
  expect(answerers()).toEqual(["quick", "fine"]);
});

test("previews stay with the fast model", async () => {
  const { session, fast, fine, refined } = await open();
  fine.read();
  await refined;
  await session.point({ x: 2, y: 2 } as Parameters<Session["point"]>[0] & object);
  expect(fast.asked).toEqual([{ kind: "hover" }]);
  expect(fine.asked).toEqual([]);
});

test("a precise model that fails to answer leaves the fast one, which answers instead", async () => {
  const failures: unknown[] = [];
  const { session, fine, refined, by, complaints } = await open((error) => failures.push(error));
  fine.read();
  await refined;
  fine.fail(new EngineError("out-of-memory", "full"));
  session.edit(tap);
  await settle();
  expect(by()).toBe("quick");
  expect(failures).toMatchObject([{ code: "out-of-memory" }]);
  expect([complaints, session.refined.value, session.tier.value]).toEqual([[], false, "fast"]);
});

test("a photo that is closed while the precise model reads it is released by both", async () => {
  const { session, fast, fine, refined } = await open();
  await settle();
  session.close();
  fine.read();
  await expect(refined).rejects.toMatchObject({ code: "aborted" });
  expect(fast.image.release).toHaveBeenCalled();
  expect(fine.image.release).toHaveBeenCalled();
});

test("without the precise model, what it answered stays", async () => {
  const { session, fine, refined, by } = await open();
  fine.read();
  await refined;
  session.edit(tap);
  await settle();
  session.coarsen();
  await session.ask();
  expect([by(), session.tier.value]).toEqual(["fine", "precise"]);
});
