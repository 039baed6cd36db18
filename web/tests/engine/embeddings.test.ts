/** Embeddings that leave the worker and come back. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { misfit } from "../../src/engine/embeddings";
import { Segmenter, type EngineError } from "../../src/engine/segmenter";
import { download, upload } from "../../src/engine/worker/gpu";
import { sampleManifest } from "../support";
import { embeddings, FakeCaches, fakeMachine, FakeNetwork, modelFile, origin, running } from "./fakes";

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
const { outputs } = variant.encoder;
const photo = { width: 40, height: 30, data: new Uint8ClampedArray(40 * 30 * 4), colorSpace: "srgb" } as ImageData;

beforeEach(() => {
  const network = new FakeNetwork();
  network.serve(`${origin}models/manifest.json`, JSON.stringify(manifest));
  network.serve(`${origin}models/${variant.encoder.file}`, "encoder weights");
  network.serve(`${origin}models/${variant.decoder.file}`, "decoder");
  vi.stubGlobal("fetch", network.fetch);
  vi.stubGlobal("caches", new FakeCaches());
  vi.stubGlobal("location", { href: origin });
  vi.stubGlobal("ImageBitmap", function ImageBitmap() {});
});
afterEach(() => vi.unstubAllGlobals());

const load = (rest: Parameters<typeof fakeMachine>[1] = {}) =>
  Segmenter.load("models/manifest.json", {}, fakeMachine(async () => running, rest).machine);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: EngineError) => error.code,
  );

test("what was saved is restored under a number of its own, with the photo's size, and answers", async () => {
  const restored: unknown[] = [];
  let encodings = 0;
  const segmenter = await load({
    encode: async () => (encodings++, { ok: true, value: "read" }),
    restore: async (id, saved) => (restored.push([id, saved]), { ok: true, value: null }),
  });
  const saved = await (await segmenter.encode(photo)).save();
  const image = await segmenter.restore(saved);
  expect([image.width, image.height]).toEqual([40, 30]);
  expect(restored).toEqual([[2, saved]]);
  expect(encodings).toBe(1);
  expect(await image.segment({ points: [{ x: 1, y: 2, label: 1 }] })).toMatchObject({ tokens: [1, 2, 3] });
});

test("what does not fit the model never reaches the worker", async () => {
  let calls = 0;
  const segmenter = await load({ restore: async () => (calls++, { ok: true, value: null }) });
  expect(await codeOf(segmenter.restore({ ...embeddings(), tensors: {} }))).toBe("bad-input");
  expect(calls).toBe(0);
});

test("a photo that was released cannot be saved", async () => {
  const image = await (await load()).encode(photo);
  image.release();
  expect(await codeOf(image.save())).toBe("bad-input");
});

test("saving waits until nothing else does", async () => {
  const order: string[] = [];
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const segmenter = await load({
    segment: async () => {
      order.push("segment");
      await gate;
      return { ok: true, value: { masks: [], scores: [], tokens: [], best: 0 } };
    },
    save: async () => (order.push("save"), { ok: true, value: embeddings() }),
  });
  const image = await segmenter.encode(photo);
  const tap = { points: [{ x: 1, y: 2, label: 1 as const }] };
  const all = [image.segment(tap), image.save(), image.segment(tap, { kind: "hover" })];
  go();
  await Promise.all(all);
  expect(order).toEqual(["segment", "segment", "save"]);
});

const tensor = embeddings().tensors.image_embeddings!;
const holding = (change: object) => ({ ...embeddings(), tensors: { image_embeddings: { ...tensor, ...change } } });
test.each([
  ["nothing", null, /not embeddings/],
  ["a number", 7, /not embeddings/],
  ["no size", { tensors: embeddings().tensors }, /not embeddings/],
  ["a photo without pixels", { ...embeddings(), width: 0 }, /not embeddings/],
  ["a missing output", { ...embeddings(), tensors: {} }, /missing/],
  ["a foreign output", { ...embeddings(), tensors: { ...embeddings().tensors, other: tensor } }, /no output "other"/],
  ["another type", holding({ type: "float16" }), /not float32/],
  ["another array", holding({ data: new Float64Array(128) }), /not float32/],
  ["another shape", holding({ dims: [1, 8, 8, 2] }), /not shaped like 1 × 8 × 4 × 4/],
  ["another rank", holding({ dims: [128] }), /not shaped/],
  ["too few numbers", holding({ data: new Float32Array(127) }), /127 numbers/],
])("%s is not what the encoder makes", (_, saved, why) => expect(misfit(saved, outputs)).toMatch(why));

test("a dynamic size may be any", () => {
  expect(misfit(embeddings(), outputs)).toBeNull();
  const dynamic = [{ ...outputs[0]!, shape: [1, 8, "rows", "columns"] }];
  expect(misfit(holding({ dims: [1, 8, 2, 8] }), dynamic)).toBeNull();
  expect(misfit(holding({ dims: [1, 8, 0, 8], data: new Float32Array(0) }), dynamic)).toMatch(/not shaped/);
});

test("buffers are read from the GPU by way of a copy, and written in whole vectors", async () => {
  vi.stubGlobal("GPUBufferUsage", { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, STORAGE: 128 });
  vi.stubGlobal("GPUMapMode", { READ: 1 });
  const done: string[] = [];
  const memory = new Float32Array([1, 2, 3]);
  const device = {
    createBuffer: ({ size, usage }: GPUBufferDescriptor) => ({
      size,
      usage,
      mapAsync: async () => void done.push("map"),
      getMappedRange: () => memory.buffer,
      destroy: () => void done.push("destroy"),
    }),
    createCommandEncoder: () => ({
      copyBufferToBuffer: (...copy: unknown[]) => void done.push(`copy ${String(copy[4])}`),
      finish: () => null,
    }),
    queue: {
      submit: () => void done.push("submit"),
      writeBuffer: (_: unknown, at: number, data: Float32Array) => void done.push(`write ${data.length} at ${at}`),
    },
  } as unknown as GPUDevice;
  const content = await download(device, {} as GPUBuffer, 12);
  expect(new Float32Array(content)).toEqual(memory);
  expect(content).not.toBe(memory.buffer);
  expect(upload(device, memory).size).toBe(16);
  expect(done).toEqual(["copy 12", "submit", "map", "destroy", "write 3 at 0"]);
});
