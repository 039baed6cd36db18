/** What `?bench` makes of providers that run, that fail, and that do not come to an end. */
import { describe, expect, it, vi } from "vitest";
import { EngineError, type LoadOptions, type Segmenter } from "../../src/engine/segmenter";
import { Bench, type Loader } from "../../src/features/bench/bench";
import { describeDevice, report } from "../../src/features/bench/report";
import { sampleManifest } from "../support";

const photo = { width: 40, height: 30 } as ImageData;
const model = sampleManifest().models[0]!;

function segmenter({ providers }: LoadOptions, encode?: () => Promise<never>): Segmenter {
  const provider = providers![0]!;
  return {
    info: {
      model,
      variant: "fp32",
      provider,
      threads: 2,
      runtime: { name: "onnxruntime-web 1.0.0 (WASM)", files: [] },
      tried: [{ provider, outcome: "running", reason: "The self-test | passed." }],
    },
    timings: { load: { files: 5, start: 1234 } },
    encode: encode ?? (async () => ({ ...photo, segment: async () => undefined, release: () => undefined })),
    dispose: vi.fn(),
  } as unknown as Segmenter;
}

async function measured(load: Loader): Promise<string> {
  const bench = new Bench(load, ["webgpu", "wasm"], 10, () => photo);
  await bench.run();
  expect(bench.running.value).toBeNull();
  return report(bench.rows.value, [["Cores", "2"]]);
}

describe("a report", () => {
  it("has a line for each provider, the one that fails with its reason", async () => {
    const text = await measured(async (options) => {
      if (options.providers![0] === "webgpu") throw new EngineError("no-provider", "There is no GPU.");
      return segmenter(options);
    });
    expect(text).toContain(`| Model | ${model.title} (fp32), ${model.input_size} pixels |`);
    expect(text).toContain("| Cores | 2 |");
    expect(text).toContain("| webgpu |  |  |  |  |  |  |  | There is no GPU. |");
    expect(text).toMatch(
      /\| wasm \| onnxruntime-web 1\.0\.0 \(WASM\) \| 2 \| 1234 ms \| .* \| The self-test \\\| passed\. \|/,
    );
  });

  it("gives up on a provider that takes too long, and goes on with the next", async () => {
    const text = await measured(async (options) => {
      options.onProgress?.({ stage: "compile", provider: options.providers![0]! });
      if (options.providers![0] === "wasm") return segmenter(options);
      let stop!: (error: EngineError) => void;
      const slow = segmenter(options, () => new Promise((_, reject) => (stop = reject)));
      return { ...slow, dispose: () => stop(new EngineError("aborted", "It was disposed.")) } as Segmenter;
    });
    expect(text).toContain("| webgpu |  |  |  |  |  |  |  | It was not done within 0 seconds. |");
    expect(text).toContain("| wasm | onnxruntime-web");
  });

  it("says of the device what the browser tells", async () => {
    const userAgentData = {
      getHighEntropyValues: async () => ({
        model: "Phone 9",
        platform: "Android",
        platformVersion: "15.0.0",
        architecture: "",
        bitness: "",
      }),
    };
    const told = await describeDevice({ userAgent: "Agent", hardwareConcurrency: 8, userAgentData } as never);
    expect(Object.fromEntries(told)).toMatchObject({ Device: "Phone 9, Android 15.0.0", Cores: "8", Browser: "Agent" });
    const silent = await describeDevice({ userAgent: "Agent", hardwareConcurrency: 8 });
    expect(Object.fromEntries(silent).Device).toBe("the browser does not tell");
  });
});
