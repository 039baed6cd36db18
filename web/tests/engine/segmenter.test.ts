/** Loading, falling back, asking and losing, with a worker that answers as told. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { WorkerApi } from "../../src/engine/protocol";
import { Segmenter, type EngineError, type LoadOptions, type Progress } from "../../src/engine/segmenter";
import { startProvider, type Machine } from "../../src/engine/start";
import { sampleManifest } from "../support";
import { answer, deferred, FakeCaches, fakeMachine, FakeNetwork, modelFile, origin, running } from "./fakes";

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
const photo = { width: 40, height: 30, data: new Uint8ClampedArray(40 * 30 * 4), colorSpace: "srgb" } as ImageData;
const tap = { points: [{ x: 1, y: 2, label: 1 as const }] };

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

const load = (machine: Machine, options: LoadOptions = {}) => Segmenter.load("models/manifest.json", options, machine);
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: EngineError) => error.code,
  );
/** Starts as told for each provider. */
const startsAs =
  (outcomes: Partial<Record<string, Awaited<ReturnType<WorkerApi["start"]>>>>): WorkerApi["start"] =>
  async ({ provider }) =>
    outcomes[provider] ?? running;

describe("loading", () => {
  test("reports bytes over both files, then compiling and testing, and what runs in the end", async () => {
    const { machine } = fakeMachine(async (_, onStage) => {
      onStage("compile");
      onStage("self-test");
      return running;
    });
    const seen: Progress[] = [];
    const { info } = await load(machine, { onProgress: (progress) => seen.push(progress) });
    expect(seen.filter((progress) => progress.stage === "download").at(-1)).toEqual({
      stage: "download",
      file: variant.decoder.file,
      loaded: 22,
      total: 22,
    });
    expect(seen.slice(-2)).toEqual([
      { stage: "compile", provider: "webgpu" },
      { stage: "self-test", provider: "webgpu" },
    ]);
    expect(info).toMatchObject({ provider: "webgpu", threads: 1, variant: "fp32", cached: true, verified: true });
  });

  test("falls back to the next provider in a fresh worker, and says why", async () => {
    const { machine, workers } = fakeMachine(
      startsAs({
        webgpu: { outcome: "skipped", reason: "no adapter" },
        "wasm-threads": { outcome: "failed", reason: "self-test failed" },
      }),
    );
    const { info } = await load(machine);
    expect(info.provider).toBe("wasm");
    expect(info.tried.map(({ provider, outcome }) => `${provider} ${outcome}`)).toEqual([
      "webgpu skipped",
      "wasm-threads failed",
      "wasm running",
    ]);
    expect(info.tried[1]!.reason).toBe("self-test failed");
    expect(workers.map((worker) => worker.terminated)).toEqual([true, true, false]);
  });

  test("uses threads only where they exist, and no more than four", async () => {
    const options = { providers: ["wasm-threads", "wasm"] as const };
    expect((await load(fakeMachine(startsAs({}), {}, { cores: 16 }).machine, options)).info).toMatchObject({
      provider: "wasm-threads",
      threads: 4,
    });
    const { info } = await load(fakeMachine(startsAs({}), {}, { isolated: false }).machine, options);
    expect(info).toMatchObject({ provider: "wasm", threads: 1 });
    expect(info.tried[0]!.reason).toMatch(/is not cross-origin isolated/);
    expect(info.noThreads).toBe("not-isolated");
    const unshared = (await load(fakeMachine(startsAs({}), {}, { sharesMemory: false }).machine, options)).info;
    expect(unshared).toMatchObject({ provider: "wasm", threads: 1, noThreads: "no-shared-memory" });
    expect(unshared.tried[0]!.reason).toMatch(/no SharedArrayBuffer, although the page is cross-origin isolated/);
    expect((await load(fakeMachine(startsAs({}), {}, { cores: 1 }).machine, options)).info.provider).toBe("wasm");
  });

  test("goes on when a worker dies or hangs while starting", async () => {
    const died = fakeMachine(({ provider }) => {
      if (provider !== "webgpu") return Promise.resolve(running);
      died.workers[0]!.die("its script could not be loaded");
      return new Promise(() => undefined);
    });
    expect((await load(died.machine)).info.tried[0]).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/script/),
    });

    const { machine } = fakeMachine(({ provider }) =>
      provider === "wasm-threads" ? new Promise(() => undefined) : Promise.resolve(running),
    );
    const hung = await startProvider(machine, {
      providers: ["wasm-threads", "wasm"],
      setup: { inputSize: 64, threshold: 0, variant },
      graphs: async () => ({ encoder: new Uint8Array(), decoder: new Uint8Array() }),
      onLost: () => undefined,
      patience: { webgpu: 0, "wasm-threads": 0, wasm: 60_000 },
    });
    expect(hung.provider).toBe("wasm");
    expect(hung.tried[0]!.reason).toMatch(/did not start/);
  });

  describe("a variant that has files of its own for WASM", () => {
    const { inputs, outputs } = variant.encoder;
    const wasm = {
      encoder: { ...modelFile("wasm", "integer weights"), inputs, outputs },
      decoder: variant.decoder,
      self_test: { ...variant.self_test, tolerance: 0.5 },
    };
    const both = { ...manifest, models: [{ ...manifest.models[0]!, variants: { fp32: { ...variant, wasm } } }] };
    let network: FakeNetwork;

    beforeEach(() => {
      network = new FakeNetwork();
      network.serve(`${origin}models/manifest.json`, JSON.stringify(both));
      network.serve(`${origin}models/${variant.encoder.file}`, "encoder weights");
      network.serve(`${origin}models/${wasm.encoder.file}`, "integer weights");
      network.serve(`${origin}models/${variant.decoder.file}`, "decoder");
      vi.stubGlobal("fetch", network.fetch);
    });

    /** What each worker was started with. */
    const recorder = (outcomes: Parameters<typeof startsAs>[0]) => {
      const seen: string[] = [];
      const start: WorkerApi["start"] = (setup, ...rest) => {
        const tolerance = setup.variant.self_test.tolerance;
        seen.push(`${setup.provider}: ${new TextDecoder().decode(setup.encoder)}, within ${tolerance}`);
        return startsAs(outcomes)(setup, ...rest);
      };
      return { seen, start };
    };
    const usual = `encoder weights, within ${variant.self_test.tolerance}`;
    const own = "integer weights, within 0.5";

    test("fetches that one alone where there is no GPU, and says why", async () => {
      const { seen, start } = recorder({});
      const { info } = await load(fakeMachine(start, {}, { lacksGpu: async () => "There is no GPU." }).machine);
      expect(seen).toEqual([`wasm-threads: ${own}`]);
      expect(network.asked.map(({ url }) => url)).not.toContain(`${origin}models/${variant.encoder.file}`);
      expect(info.tried[0]).toEqual({ provider: "webgpu", outcome: "skipped", reason: "There is no GPU." });
    });

    test("fetches the usual one alone for a GPU", async () => {
      const { seen, start } = recorder({});
      await load(fakeMachine(start).machine);
      expect(seen).toEqual([`webgpu: ${usual}`]);
      expect(network.asked.map(({ url }) => url)).not.toContain(`${origin}models/${wasm.encoder.file}`);
    });

    test("goes over to the other one when the GPU fails", async () => {
      const { seen, start } = recorder({
        webgpu: { outcome: "failed", reason: "nonsense" },
        "wasm-threads": { outcome: "failed", reason: "no memory" },
      });
      await load(fakeMachine(start).machine);
      expect(seen).toEqual([`webgpu: ${usual}`, `wasm-threads: ${own}`, `wasm: ${own}`]);
    });
  });

  test("that finds no provider gives every reason", async () => {
    const { machine } = fakeMachine(async ({ provider }) => ({ outcome: "failed", reason: `${provider} is broken.` }));
    await expect(load(machine)).rejects.toMatchObject({
      code: "no-provider",
      message: expect.stringMatching(/webgpu is broken.*wasm is broken/),
    });
  });

  test("can be aborted, which stops the worker", async () => {
    const abort = new AbortController();
    const { machine, workers } = fakeMachine(() => {
      abort.abort();
      return new Promise(() => undefined);
    });
    expect(await codeOf(load(machine, { signal: abort.signal }))).toBe("aborted");
    expect(workers[0]!.terminated).toBe(true);
  });

  test("of a model that is not there is an error of the manifest", async () => {
    expect(await codeOf(load(fakeMachine(startsAs({})).machine, { model: "huge" }))).toBe("manifest");
  });
});

describe("an encoded photo", () => {
  test("answers prompts, and refuses empty ones and those after its release", async () => {
    const released: number[] = [];
    const { machine } = fakeMachine(startsAs({}), { release: (id) => void released.push(id) });
    const image = await (await load(machine)).encode(photo);
    expect([image.width, image.height]).toEqual([40, 30]);
    expect(await image.segment(tap)).toMatchObject({ tokens: [1, 2, 3] });
    expect(await codeOf(image.segment({ points: [] }))).toBe("bad-input");
    image.release();
    image.release();
    expect(released).toEqual([1]);
    expect(await codeOf(image.segment(tap))).toBe("bad-input");
  });

  test("gives only the newest of the hovers that waited", async () => {
    const gates = [deferred<ReturnType<typeof answer>>(), deferred<ReturnType<typeof answer>>()];
    const busy = deferred<void>();
    let call = 0;
    const segment = () => (busy.resolve(), gates[call++]!.promise);
    const { machine } = fakeMachine(startsAs({}), { segment });
    const image = await (await load(machine)).encode(photo);
    const first = image.segment(tap, { kind: "hover" });
    await busy.promise;
    const skipped = image.segment(tap, { kind: "hover" });
    const last = image.segment(tap, { kind: "hover" });
    expect(await codeOf(skipped)).toBe("aborted");
    gates[0]!.resolve(answer(0));
    gates[1]!.resolve(answer(2));
    expect([(await first).best, (await last).best]).toEqual([0, 2]);
  });

  test("passes the worker's errors on with their code, and works after them", async () => {
    let fail = true;
    const { machine } = fakeMachine(startsAs({}), {
      segment: async () =>
        fail ? { ok: false, code: "out-of-memory", message: "There is not enough memory." } : answer(),
    });
    const image = await (await load(machine)).encode(photo);
    expect(await codeOf(image.segment(tap))).toBe("out-of-memory");
    fail = false;
    expect(await codeOf(image.segment(tap))).toBe("done");
  });

  test("whose encoding was aborted half-way is freed in the worker", async () => {
    const gate = deferred<{ ok: true; value: "read" }>();
    const freed = deferred<number>();
    const { machine } = fakeMachine(startsAs({}), { encode: () => gate.promise, release: freed.resolve });
    const abort = new AbortController();
    const encoding = (await load(machine)).encode(photo, { signal: abort.signal });
    abort.abort();
    expect(await codeOf(encoding)).toBe("aborted");
    gate.resolve({ ok: true, value: "read" });
    expect(await freed.promise).toBe(1);
  });
});

describe("a segmenter", () => {
  test.each(["the GPU", "the worker"])(
    "that loses %s says so once, and rejects what runs and what comes",
    async (what) => {
      let tellLost!: (message: string) => void;
      const { machine, workers } = fakeMachine(
        async (_, _onStage, onLost) => {
          tellLost = onLost;
          return running;
        },
        { segment: () => new Promise(() => undefined) },
      );
      const lost = deferred<EngineError>();
      let times = 0;
      const segmenter = await load(machine, { onLost: (error) => (times++, lost.resolve(error)) });
      const image = await segmenter.encode(photo);
      const asked = image.segment(tap);
      if (what === "the GPU") tellLost("The GPU was lost.");
      else workers[0]!.die("The worker failed.");
      expect((await lost.promise).code).toBe("provider-lost");
      expect(await codeOf(asked)).toBe("provider-lost");
      expect(await codeOf(segmenter.encode(photo))).toBe("provider-lost");
      workers[0]!.die("again");
      await Promise.resolve();
      expect(times).toBe(1);
    },
  );

  test("that is not answered for minutes is lost, and its worker ended", async () => {
    vi.useFakeTimers();
    try {
      const { machine, workers } = fakeMachine(startsAs({}), { segment: () => new Promise(() => undefined) });
      const lost: EngineError[] = [];
      const segmenter = await load(machine, { onLost: (error) => lost.push(error) });
      const image = await segmenter.encode(photo);
      const asked = codeOf(image.segment(tap));
      await vi.advanceTimersByTimeAsync(4 * 60_000);
      expect(lost).toEqual([]);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await asked).toBe("provider-lost");
      expect(lost.map(({ message }) => message)).toEqual(["The model has not answered for 5 minutes."]);
      expect(workers[0]!.terminated).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("that is disposed stops its worker and rejects what waits", async () => {
    const { machine, workers } = fakeMachine(startsAs({}), { segment: () => new Promise(() => undefined) });
    const segmenter = await load(machine);
    const image = await segmenter.encode(photo);
    const asked = image.segment(tap);
    segmenter.dispose();
    expect(await codeOf(asked)).toBe("aborted");
    expect(workers[0]!.terminated).toBe(true);
  });
});
