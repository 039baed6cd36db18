import { expect, test, vi } from "vitest";
import { addPoint, addStroke, current, redo, undo, type Document } from "../../src/document/document";
import { askFrom } from "../../src/document/edits";
import { revive } from "../../src/document/objects";
import { EngineError, type Segmenter } from "../../src/engine/segmenter";
import type { Photo } from "../../src/state/photo";
import { Session } from "../../src/state/session";
import { overrideTiers } from "../../src/state/tierChoice";
import { deferred } from "../engine/fakes";

test("a large photo that reaches the model without its pixels is read once more, and sent in another way", async () => {
  const bitmaps = [{ close: vi.fn() }, { close: vi.fn() }];
  let read = 0;
  const photo = {
    width: 40,
    height: 30,
    forEncoder: async () => ({ source: bitmaps[read++]!, transfer: true }),
  } as unknown as Photo;
  const encode = vi.fn(async (_: unknown, { transfer }: { transfer?: boolean }) => {
    if (transfer) throw new EngineError("bad-input", "The picture arrived without its pixels.");
    return { release: () => undefined };
  });
  const info = { model: { id: "tiny", input_size: 64, mask_threshold: 0 }, variant: "fp32" };
  const session = new Session(photo, () => undefined);
  await session.encode({ info, encode } as unknown as Segmenter);
  expect(session.encoded.value).toBe(true);
  expect(encode.mock.calls.map(([source, { transfer }]) => [source, transfer])).toEqual([
    [bitmaps[0], true],
    [bitmaps[1], undefined],
  ]);
  expect(bitmaps[1]!.close).toHaveBeenCalledOnce();
});

/**
 * A model with a frame of 64 pixels that answers with a circle in its middle, of `afar` or `near` cells: in a photo of 640 pixels by default
 * one of 40 pixels, which is one cell, and in its region of 240 pixels one of 42.
 */
function shortSighted(afar = 1, near = 2.8) {
  const photo = {
    width: 640,
    height: 640,
    forEncoder: async () => ({ source: {}, transfer: false }),
    region: async ({ side }: { side: number }) => ({ width: side, height: side, close: () => undefined }),
    forgetFull: () => undefined,
    close: () => undefined,
  } as unknown as Photo;
  const looks: { behind?: boolean }[] = [];
  const gate: (() => Promise<void>)[] = [];
  const disc = (cells: number) => ({
    size: 16,
    logits: Float32Array.from({ length: 256 }, (_, i) => cells - Math.hypot((i % 16) - 7.5, (i >> 4) - 7.5)),
  });
  const image = (cells: number) => ({
    width: 640,
    height: 640,
    segment: async () => ({ masks: [disc(cells)], scores: [0.9], tokens: [0], best: 0 }),
    release: () => undefined,
  });
  const encode = async (_: unknown, options: { behind?: boolean }) => {
    looks.push(options);
    if (options.behind) await gate[0]?.();
    return image(options.behind ? near : afar);
  };
  const info = { model: { id: "m", input_size: 64, mask_threshold: 0 }, variant: "fp32", finer: null };
  const session = new Session(photo, (error) => {
    throw error;
  });
  return { session, segmenter: { info, encode } as unknown as Segmenter, looks, gate };
}

const middle = (doc: Document) => addPoint(doc, { x: 320, y: 320, label: 1 });
const settled = () => new Promise((resolve) => setTimeout(resolve));

test("the outline of a small thing settles on what is seen from near, for undo and redo too", async () => {
  const { session, segmenter, looks } = shortSighted();
  const settling = vi.fn();
  session.beforeSettling = settling;
  await session.encode(segmenter);
  session.edit(middle);
  await settled();
  expect(looks.map(({ behind }) => behind)).toEqual([undefined, true]);
  expect(settling).toHaveBeenCalledOnce();
  const near = session.answer.value!;
  expect([near.by, near.mask(0).region?.side]).toEqual(["m@region", 240]);
  session.edit(undo);
  session.edit(redo);
  await settled();
  expect(session.answer.value).toBe(near);
  expect(looks).toHaveLength(2);
});

const view = { x: 200, y: 210, side: 200 };
const fromNear = (doc: Document) => askFrom(doc, view, middle);

test("what seems large is looked at again in the view that it was asked from, and found there again after a reload", async () => {
  const { session, segmenter, looks } = shortSighted(6);
  await session.encode(segmenter);
  session.edit(fromNear);
  await settled();
  const near = session.answer.value!;
  expect([near.by, near.mask(0).region, looks.length]).toEqual(["m@region", view, 2]);
  session.edit(undo);
  session.edit(redo);
  await settled();
  expect([session.answer.value, looks.length]).toEqual([near, 2]);
  const again = shortSighted(6);
  again.session.document.value = revive(structuredClone(session.document.value));
  await again.session.encode(again.segmenter);
  await settled();
  expect(again.session.answer.value!.mask(0)).toEqual(near.mask(0));
});

test("it is not where it is not seen whole, and not without a view", async () => {
  for (const [ask, near, looks] of [
    [fromNear, 9, 2],
    [middle, 2.8, 1],
  ] as const) {
    const made = shortSighted(6, near);
    await made.session.encode(made.segmenter);
    made.session.edit(ask);
    await settled();
    expect([made.session.answer.value?.by, made.looks.length]).toEqual(["m", looks]);
  }
});

test("nothing is looked at again where only the fast model is wanted", async () => {
  const { session, segmenter, looks } = shortSighted(6);
  overrideTiers("fast");
  await session.encode(segmenter);
  session.edit(fromNear);
  await settled();
  overrideTiers("both");
  expect([session.answer.value?.by, looks.length]).toEqual(["m", 1]);
});

test("what was painted on or saved before that stays as it was", async () => {
  for (const change of [
    (session: Session) => session.edit((doc) => addStroke(doc, { points: [{ x: 1, y: 1 }], radius: 2, erase: false })),
    (session: Session) => session.hold(),
  ]) {
    const { session, segmenter, gate } = shortSighted();
    const near = deferred<void>();
    gate.push(() => near.promise);
    await session.encode(segmenter);
    session.edit(middle);
    await settled();
    const before = session.answer.value;
    change(session);
    near.resolve();
    await settled();
    expect(session.answer.value).toBe(before);
    expect(session.active.value.model).toBe("m");
  }
});

test("what was saved after it is found again in the region, where the photo is opened anew", async () => {
  const first = shortSighted();
  await first.session.encode(first.segmenter);
  first.session.edit(middle);
  await settled();
  first.session.hold();
  const { document } = first.session;
  expect(current(document.value).model).toBe("m@region");
  const again = shortSighted();
  again.session.document.value = revive(document.value);
  await again.session.encode(again.segmenter);
  await settled();
  expect(again.session.answer.value?.by).toBe("m@region");
});

test("where the region cannot be encoded, the first answer is the answer", async () => {
  const { session, segmenter, gate } = shortSighted();
  gate.push(() => Promise.reject(new EngineError("out-of-memory", "full")));
  await session.encode(segmenter);
  session.edit(middle);
  await settled();
  expect([session.answer.value?.by, session.segmenting.value]).toEqual(["m", false]);
});
