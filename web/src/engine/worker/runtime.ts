/** onnxruntime-web, set up for one provider. Only the files of the build in use are downloaded. */
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import wasmModuleUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import gpuWasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import gpuWasmModuleUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import type * as Ort from "onnxruntime-web";
import type { Setup } from "../protocol";
import { openGpu } from "./gpu";

export { Unsuitable } from "./gpu";

export interface Runtime {
  readonly ort: typeof Ort;
  readonly provider: Ort.InferenceSession.ExecutionProviderConfig;
  /** The GPU that the model runs on, where encoder outputs are better left. */
  readonly device: GPUDevice | null;
  /** Resolves with a sentence when the device is gone. */
  readonly lost: Promise<string>;
  /** Something the reader should know about this provider. */
  readonly note: string;
}

const never = new Promise<string>(() => undefined);

/** @throws Unsuitable when this machine lacks what the provider needs. */
export async function openRuntime(setup: Pick<Setup, "provider" | "threads" | "forced">): Promise<Runtime> {
  return setup.provider === "webgpu" ? openWebGpu(setup) : openWasm(setup.threads);
}

async function openWebGpu(setup: Pick<Setup, "forced">): Promise<Runtime> {
  const { device, note } = await openGpu(setup);
  const ort = await import("onnxruntime-web/webgpu");
  configure(ort, 1, gpuWasmModuleUrl, gpuWasmUrl);
  const lost = device.lost.then(({ message }) => `The GPU was lost${message ? `: ${message}` : ""}.`);
  return {
    ort,
    provider: { name: "webgpu", device } as Ort.InferenceSession.WebGpuExecutionProviderOption,
    device,
    lost,
    note,
  };
}

async function openWasm(threads: number): Promise<Runtime> {
  const ort = await import("onnxruntime-web/wasm");
  configure(ort, threads, wasmModuleUrl, wasmUrl);
  return { ort, provider: "wasm", device: null, lost: never, note: "" };
}

function configure(ort: typeof Ort, threads: number, mjs: string, wasm: string): void {
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  // Threads load the .mjs again as their own script, so its address must not depend on who reads it.
  // Not `import.meta.url`: where bundlers see that, they look for a file that they know already.
  ort.env.wasm.wasmPaths = { mjs: new URL(mjs, location.href).href, wasm: new URL(wasm, location.href).href };
}
