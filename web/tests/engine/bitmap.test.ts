/** Photos reach the worker with their pixels, also where a browser loses those of a bitmap. */
import { beforeEach, afterEach, describe, expect, test, vi } from "vitest";
import type { Reading, WorkerApi } from "../../src/engine/protocol";
import { Segmenter, type EngineError } from "../../src/engine/segmenter";
import { readPhoto } from "../../src/engine/worker/photo";
import { arrives } from "../../src/engine/worker/selfTest";
import { selfTestRgba } from "../../src/engine/core/selftest";
import { sampleManifest } from "../support";
import { fakeCanvas, FakeBitmap, FakeImageData } from "./canvas";
import { FakeCaches, fakeMachine, FakeNetwork, modelFile, origin, running } from "./fakes";

const { transferred } = vi.hoisted(() => ({ transferred: new Set<unknown>() }));
vi.mock("comlink", async (original) => ({
  ...(await original<object>()),
  transfer: <T>(value: T, list: readonly unknown[]) => (list.forEach((one) => transferred.add(one)), value),
}));

const manifest = sampleManifest();
const variant = manifest.models[0]!.variants.fp32!;
variant.encoder = {
  ...modelFile("encoder", "encoder weights"),
  inputs: variant.encoder.inputs,
  outputs: variant.encoder.outputs,
};
variant.decoder = {
  ...modelFile("decoder", "decoder"),
  inputs: variant.decoder.inputs,
  outputs: variant.decoder.outputs,
};

const pixels = (alpha = 255) => new Uint8ClampedArray(40 * 30 * 4).fill(alpha);
const bitmap = (content: Uint8ClampedArray | null = pixels()) => new FakeBitmap(40, 30, content);
const asSource = (picture: FakeBitmap) => picture as unknown as ImageBitmap;

beforeEach(() => {
  const network = new FakeNetwork();
  network.serve(`${origin}models/manifest.json`, JSON.stringify(manifest));
  network.serve(`${origin}models/${variant.encoder.file}`, "encoder weights");
  network.serve(`${origin}models/${variant.decoder.file}`, "decoder");
  vi.stubGlobal("fetch", network.fetch);
  vi.stubGlobal("caches", new FakeCaches());
  vi.stubGlobal("location", { href: origin });
  fakeCanvas();
});
afterEach(() => {
  transferred.clear();
  vi.unstubAllGlobals();
});

/** A segmenter whose worker notes what it was sent, and reads bitmaps as told. */
async function load({
  bitmapsAre = "read",
  start = async () => running,
}: { bitmapsAre?: Reading; start?: WorkerApi["start"] } = {}) {
  const sent: unknown[] = [];
  const encode: WorkerApi["encode"] = async (_, source) => (
    sent.push(source),
    { ok: true, value: source instanceof FakeBitmap ? bitmapsAre : "read" }
  );
  return {
    sent,
    segmenter: await Segmenter.load(
      "models/manifest.json",
      { providers: ["wasm"] },
      fakeMachine(start, { encode }).machine,
    ),
  };
}

describe("a bitmap", () => {
  test("is copied, and the copy transferred: a clone may arrive blank", async () => {
    const { sent, segmenter } = await load();
    const photo = bitmap();
    await segmenter.encode(asSource(photo));
    expect(sent).toEqual([photo]);
    expect(sent[0]).not.toBe(photo);
    expect(transferred.has(sent[0])).toBe(true);
    expect([photo.closed, transferred.has(photo)]).toEqual([false, false]);
  });

  test("is handed over itself where that is allowed", async () => {
    const { sent, segmenter } = await load();
    const photo = bitmap();
    await segmenter.encode(asSource(photo), { transfer: true });
    expect(sent[0]).toBe(photo);
    expect(transferred.has(photo)).toBe(true);
  });

  test("that arrives blank is sent again as pixels", async () => {
    const { sent, segmenter } = await load({ bitmapsAre: "blank" });
    await segmenter.encode(asSource(bitmap()));
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(new FakeImageData(pixels(), 40, 30));
  });

  test("that was handed over and arrives blank is asked for once more", async () => {
    const { segmenter } = await load({ bitmapsAre: "blank" });
    await expect(segmenter.encode(asSource(bitmap()), { transfer: true })).rejects.toMatchObject({
      code: "bad-input",
      message: expect.stringMatching(/without `transfer`/),
    });
  });

  test("is never sent where the self-test's was lost", async () => {
    const { sent, segmenter } = await load({ start: async () => ({ ...running, bitmapsFail: true }) });
    const [kept, handedOver] = [bitmap(), bitmap()];
    await segmenter.encode(asSource(kept));
    await segmenter.encode(asSource(handedOver), { transfer: true });
    expect(sent.every((one) => one instanceof FakeImageData)).toBe(true);
    expect([kept.closed, handedOver.closed]).toEqual([false, true]);
  });

  test("that was closed is said to be unreadable", async () => {
    const { segmenter } = await load();
    const photo = bitmap();
    photo.close();
    const code = await segmenter.encode(asSource(photo)).catch((error: EngineError) => error.code);
    expect(code).toBe("bad-input");
  });
});

describe("the self-test", () => {
  const selfTest = variant.self_test;
  const probe = (content: Uint8ClampedArray | null) =>
    new FakeBitmap(selfTest.width, selfTest.height, content) as unknown as ImageBitmap;

  test("sends its picture as a bitmap, too", async () => {
    const start = vi.fn<WorkerApi["start"]>(async () => running);
    await load({ start });
    const sent = start.mock.calls[0]![0].probe as unknown as FakeBitmap;
    expect(sent.pixels).toEqual(selfTestRgba(selfTest.width, selfTest.height));
    expect(transferred.has(sent)).toBe(true);
  });

  test("tells a picture from a blank one, and bears a browser's noise", () => {
    const picture = selfTestRgba(selfTest.width, selfTest.height);
    expect(arrives(probe(picture), selfTest)).toBe(true);
    expect(arrives(probe(picture.map((value, i) => value + (i % 3) - 1)), selfTest)).toBe(true);
    expect(arrives(probe(null), selfTest)).toBe(false);
  });
});

test("the worker knows a bitmap without pixels, and one that is black or has a single pixel", () => {
  const one = new Uint8ClampedArray(40 * 30 * 4);
  one[one.length - 1] = 255;
  const black = pixels().map((value, i) => (i % 4 === 3 ? value : 0));
  expect([null, pixels(0), one, black].map((content) => readPhoto(asSource(bitmap(content)), 20).blank)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test.each(["bitmap", "ImageData"])(
  "the worker sees a black drawing on a transparent background as black on white, as a %s",
  (kind) => {
    const drawing = new Uint8ClampedArray(8 * 8 * 4).map((_, i) => (i % 4 === 3 && i < 128 ? 255 : 0));
    const source =
      kind === "bitmap"
        ? asSource(new FakeBitmap(8, 8, drawing))
        : (new FakeImageData(drawing, 8, 8) as unknown as ImageData);
    const { rgb, blank } = readPhoto(source, 8);
    expect(blank).toBe(false);
    expect([...rgb]).toEqual(Array.from({ length: 8 * 8 * 3 }, (_, i) => (i < 96 ? 0 : 255)));
  },
);
