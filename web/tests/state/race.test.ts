/** Who races, what ends it, and what comes of it. */
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EngineInfo, Provider, Segmenter } from "../../src/engine/segmenter";
import { Race, type Runner } from "../../src/state/race";
import { judge, preferred, remember, verdictOf } from "../../src/state/verdicts";
import { sampleManifest } from "../support";

const photo = { width: 40, height: 30 } as ImageData;
let models = 0;

/** A model that nobody knows yet, running on the first of the providers; the others were not asked. */
function runsOn(provider: Provider, noThreads: EngineInfo["noThreads"] = null): EngineInfo {
  const model = sampleManifest().models[0]!;
  model.variants.fp32!.encoder.sha256 = String(models++).padStart(16, "0").padEnd(64, "0");
  const tried = [{ provider, outcome: "running" as const, reason: "" }];
  return { model, variant: "fp32", provider, noThreads, tried } as unknown as EngineInfo;
}

/** An engine whose photos take as long as told on each provider. */
function runner(info: EngineInfo, times: Partial<Record<Provider, number>>) {
  const started: Provider[] = [];
  const disposed: Provider[] = [];
  const it: Runner = {
    segmenter: signal({ info } as Segmenter),
    isFree: true,
    beside: async (provider) => {
      started.push(provider);
      if (times[provider] === undefined) throw new Error("It does not start.");
      const wait = () => new Promise((done) => setTimeout(done, times[provider]));
      const image = { ...photo, segment: async () => undefined, release: () => undefined };
      const encode = () => wait().then(() => image);
      return { encode, dispose: () => disposed.push(provider) } as unknown as Segmenter;
    },
  };
  return { it, started, disposed };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a race", () => {
  it("begins when all is quiet, and its verdict counts from then on", async () => {
    const info = runsOn("webgpu");
    const { it: engine, started, disposed } = runner(info, { webgpu: 900, "wasm-threads": 200, wasm: 300 });
    const quiet = signal(false);
    new Race(
      () => [engine],
      () => photo,
    ).watch(quiet);
    await vi.runAllTimersAsync();
    expect(started).toEqual([]);
    quiet.value = true;
    await vi.runAllTimersAsync();
    expect(started).toEqual(["webgpu", "wasm-threads", "wasm"]);
    expect(disposed).toEqual(started); // none is left, and none was interrupted
    expect(verdictOf(info)?.fastest).toBe("wasm-threads");
    expect(preferred(info)).toEqual(["wasm-threads", "webgpu", "wasm"]);
    quiet.value = false;
    quiet.value = true;
    await vi.runAllTimersAsync();
    expect(started).toHaveLength(3);
  });

  it("ends at once when somebody comes back, and begins anew afterwards", async () => {
    const info = runsOn("wasm-threads");
    const { it: engine, started, disposed } = runner(info, { "wasm-threads": 200, wasm: 100 });
    const quiet = signal(true);
    new Race(
      () => [engine],
      () => photo,
    ).watch(quiet);
    await vi.advanceTimersByTimeAsync(50);
    expect(disposed).toEqual([]);
    quiet.value = false;
    expect(disposed).toEqual(["wasm-threads"]);
    await vi.runAllTimersAsync();
    expect(verdictOf(info)).toBeNull();
    quiet.value = true;
    await vi.runAllTimersAsync();
    expect(started).toEqual(["wasm-threads", "wasm-threads", "wasm"]);
    expect(verdictOf(info)?.fastest).toBe("wasm");
  });

  it("is not held where a provider was asked for, where there is one only, or where one fails", async () => {
    const alone = runner(runsOn("wasm", "not-isolated"), { wasm: 1 });
    const asked = runner(runsOn("webgpu"), { webgpu: 1 });
    const broken = runner(runsOn("webgpu"), { webgpu: 1 });
    const quiet = signal(true);
    new Race(
      () => [alone.it, { ...asked.it, isFree: false }, broken.it],
      () => photo,
    ).watch(quiet);
    await vi.runAllTimersAsync();
    expect([alone.started, asked.started, broken.started]).toEqual([[], [], ["webgpu", "wasm-threads"]]);
    expect(verdictOf(broken.it.segmenter.value!.info)).toBeNull();
    quiet.value = false;
    quiet.value = true;
    await vi.runAllTimersAsync();
    expect(broken.started).toHaveLength(2);
  });
});

describe("a verdict", () => {
  it("leaves the usual order where the difference is small, and counts taps too", () => {
    const times = (encode: number, tapP50: number) => ({ encode, tapP50 });
    expect(
      judge([
        ["webgpu", times(100, 10)],
        ["wasm", times(95, 10)],
      ]).fastest,
    ).toBe("webgpu");
    expect(
      judge([
        ["wasm-threads", times(200, 80)],
        ["wasm", times(260, 30)],
      ]).fastest,
    ).toBe("wasm");
  });

  it("comes back with the next visit, unless it is damaged", async () => {
    const info = runsOn("webgpu");
    const stored = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, text: string) => stored.set(key, text),
    });
    const again = async () => {
      vi.resetModules();
      return import("../../src/state/verdicts");
    };
    (await again()).remember(info, judge([["wasm", { encode: 1, tapP50: 2 }]]));
    expect((await again()).verdictOf(info)).toEqual({ fastest: "wasm", tried: [["wasm", { encode: 1, tapP50: 2 }]] });
    const [key, text] = [...stored][0]!;
    for (const damaged of [text.replace('"wasm"', '"abacus"'), text.replace("2", '"2"'), "{}", "["]) {
      stored.set(key, damaged);
      expect((await again()).verdictOf(info)).toBeNull();
    }
    vi.unstubAllGlobals();
  });

  it("is of one model and one browser version", () => {
    const [info, other] = [runsOn("webgpu"), runsOn("webgpu")];
    vi.stubGlobal("navigator", { userAgent: "Browser 1", hardwareConcurrency: 4 });
    remember(info, judge([["webgpu", { encode: 1, tapP50: 1 }]]));
    expect(preferred(info)?.[0]).toBe("webgpu");
    expect(preferred(other)).toBeUndefined();
    vi.stubGlobal("navigator", { userAgent: "Browser 2", hardwareConcurrency: 4 });
    expect(preferred(info)).toBeUndefined();
    vi.unstubAllGlobals();
  });
});
