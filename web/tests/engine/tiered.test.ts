/** Two models of one manifest, each in a fake worker of its own. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Setup } from "../../src/engine/protocol";
import { TieredSegmenter, type TieredOptions } from "../../src/engine/tiered";
import { sampleManifest } from "../support";
import { answer, deferred, FakeCaches, fakeMachine, FakeNetwork, modelFile, origin, running } from "./fakes";

const photo = { width: 40, height: 30, data: new Uint8ClampedArray(40 * 30 * 4), colorSpace: "srgb" } as ImageData;
const tap = { points: [{ x: 1, y: 2, label: 1 as const }] };
/** Their input sizes tell the models apart. */
const [quick, fine] = [32, 64];
let network: FakeNetwork;

/** `fine` is the default, `quick` goes before it. */
function twoModels() {
  const manifest = sampleManifest();
  const make = (id: string, input_size: number) => {
    const model = { ...structuredClone(manifest.models[0]!), id, input_size };
    const variant = model.variants.fp32!;
    for (const part of ["encoder", "decoder"] as const)
      variant[part] = {
        ...variant[part],
        ...modelFile(part, `${id} ${part}`),
        inputs: variant[part].inputs,
        outputs: variant[part].outputs,
      };
    return model;
  };
  return { ...manifest, default: "fine", instant: "quick", models: [make("fine", fine), make("quick", quick)] };
}

beforeEach(() => {
  const manifest = twoModels();
  network = new FakeNetwork();
  network.serve(`${origin}models/manifest.json`, JSON.stringify(manifest));
  for (const { id, variants } of manifest.models)
    for (const part of ["encoder", "decoder"] as const)
      network.serve(`${origin}models/${variants.fp32![part].file}`, `${id} ${part}`);
  vi.stubGlobal("fetch", network.fetch);
  vi.stubGlobal("caches", new FakeCaches());
  vi.stubGlobal("location", { href: origin });
  vi.stubGlobal("ImageBitmap", function ImageBitmap() {});
  vi.stubGlobal("ImageData", function ImageData(this: object, data: Uint8ClampedArray, width: number, height: number) {
    Object.assign(this, { data, width, height });
  });
});
afterEach(() => vi.unstubAllGlobals());

/** `start` says how a worker starts with the model of an input size. */
function load(
  start: (inputSize: number) => Promise<typeof running>,
  rest: Parameters<typeof fakeMachine>[1] = {},
  options: TieredOptions = {},
) {
  const { machine, workers } = fakeMachine(({ inputSize }: Setup) => start(inputSize), rest);
  return {
    workers,
    loading: TieredSegmenter.load("models/manifest.json", { providers: ["wasm"], ...options }, machine),
  };
}

test("the instant model is ready and answers while the default one is under way, then that one does", async () => {
  const later = deferred<typeof running>();
  const { loading } = load((size) => (size === fine ? later.promise : Promise.resolve(running)));
  const segmenter = await loading;
  expect(segmenter.fast.info).toMatchObject({ finer: "fine", model: { id: "quick" } });
  const image = await segmenter.encode(photo);
  expect([image.width, image.height]).toEqual([40, 30]);
  expect((await image.segment(tap)).model.id).toBe("quick");
  later.resolve(running);
  expect(await image.precise).toBe(true);
  expect((await image.segment(tap)).model.id).toBe("fine");
  expect((await image.segment(tap, { kind: "hover" })).model.id).toBe("quick");
});

test("a default model that does not start leaves the instant one, and says so", async () => {
  const problems: unknown[] = [];
  const { loading } = load(
    async (size) => (size === fine ? { outcome: "failed", reason: "out of memory" } : running),
    {},
    { onProblem: (error) => problems.push(error) },
  );
  const image = await (await loading).encode(photo);
  expect(await image.precise).toBe(false);
  expect((await image.segment(tap)).model.id).toBe("quick");
  expect(problems).toMatchObject([{ code: "no-provider" }]);
});

test("a default model that fails while it answers leaves the instant one", async () => {
  const problems: unknown[] = [];
  let calls = 0;
  const segment = async () =>
    ++calls === 1 ? { ok: false as const, code: "out-of-memory" as const, message: "full" } : answer();
  const { loading } = load(async () => running, { segment }, { onProblem: (error) => problems.push(error) });
  const image = await (await loading).encode(photo);
  await image.precise;
  expect((await image.segment(tap)).model.id).toBe("quick");
  expect((await image.segment(tap)).model.id).toBe("quick");
  expect(problems).toMatchObject([{ code: "out-of-memory" }]);
});

test("a manifest without an instant model gives its default alone", async () => {
  const { instant: _, ...alone } = twoModels();
  network.serve(`${origin}models/manifest.json`, JSON.stringify(alone));
  const { loading, workers } = load(async () => running);
  const segmenter = await loading;
  expect(await segmenter.precise).toBeNull();
  const image = await segmenter.encode(photo);
  expect(await image.precise).toBe(false);
  expect((await image.segment(tap)).model.id).toBe("fine");
  expect(workers).toHaveLength(1);
});

test("what is released or disposed early is not held by the default model later", async () => {
  const later = deferred<typeof running>();
  const released: number[] = [];
  const { loading, workers } = load((size) => (size === fine ? later.promise : Promise.resolve(running)), {
    release: (id) => void released.push(id),
  });
  const segmenter = await loading;
  const image = await segmenter.encode(photo);
  image.release();
  later.resolve(running);
  await image.precise;
  expect(released).toEqual([1, 1]);
  segmenter.dispose();
  await segmenter.precise;
  await Promise.resolve();
  expect(workers.map(({ terminated }) => terminated)).toEqual([true, true]);
});
