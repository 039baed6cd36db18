/** onnxruntime-web, set up for one provider. Only the files of the build in use are downloaded. */
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import wasmModuleUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import asyncifyWasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import asyncifyModuleUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import jspiWasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import jspiModuleUrl from "onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url";
import type * as Ort from "onnxruntime-web";
import type { Setup } from "../protocol";
import type { RuntimeInfo } from "../types";
import { openGpu } from "./gpu";

export { Unsuitable } from "../adapter";

export interface Runtime {
  readonly ort: typeof Ort;
  readonly info: RuntimeInfo;
  readonly provider: Ort.InferenceSession.ExecutionProviderConfig;
  /** The GPU that the model runs on, where encoder outputs are better left. */
  readonly device: GPUDevice | null;
  /** Resolves with a sentence when the device is gone. */
  readonly lost: Promise<string>;
  /** Something the reader should know about this provider. */
  readonly note: string;
}

interface Build {
  readonly name: string;
  readonly mjs: string;
  readonly wasm: string;
}

const wasmOnly: Build = { name: "WASM", mjs: wasmModuleUrl, wasm: wasmUrl };
/** Waits for the GPU with code of its own. Runs everywhere, and is half as big again. */
const asyncify: Build = { name: "WebGPU, asyncify", mjs: asyncifyModuleUrl, wasm: asyncifyWasmUrl };
/** Lets the browser do the waiting. */
const jspi: Build = { name: "WebGPU, JSPI", mjs: jspiModuleUrl, wasm: jspiWasmUrl };

const hasJspi = (): boolean => "Suspending" in WebAssembly && "promising" in WebAssembly;

const never = new Promise<string>(() => undefined);

/** @throws Unsuitable when this machine lacks what the provider needs. */
export async function openRuntime(setup: Pick<Setup, "provider" | "threads" | "forced">): Promise<Runtime> {
  return setup.provider === "webgpu" ? openWebGpu(setup) : openWasm(setup.threads);
}

async function openWebGpu(setup: Pick<Setup, "forced">): Promise<Runtime> {
  const { device, note } = await openGpu(setup);
  // Its script for JSPI is the same but for the addresses, which we give.
  const ort = await import("onnxruntime-web/webgpu");
  const build = hasJspi() ? jspi : asyncify;
  configure(ort, 1, build);
  const lost = device.lost.then(({ message }) => `The GPU was lost${message ? `: ${message}` : ""}.`);
  return {
    ort,
    info: describe(ort, build),
    provider: { name: "webgpu", device } as Ort.InferenceSession.WebGpuExecutionProviderOption,
    device,
    lost,
    note,
  };
}

async function openWasm(threads: number): Promise<Runtime> {
  const ort = await import("onnxruntime-web/wasm");
  configure(ort, threads, wasmOnly);
  return { ort, info: describe(ort, wasmOnly), provider: "wasm", device: null, lost: never, note: "" };
}

const describe = (ort: typeof Ort, { name, mjs, wasm }: Build): RuntimeInfo => ({
  name: `onnxruntime-web ${ort.env.versions.web} (${name})`,
  files: [absolute(mjs), absolute(wasm)],
});

/** Not `import.meta.url`: where bundlers see that, they look for a file that they know already. */
const absolute = (file: string): string => new URL(file, location.href).href;

function configure(ort: typeof Ort, threads: number, { mjs, wasm }: Build): void {
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  // Threads load the .mjs again as their own script, so its address must not depend on who reads it.
  ort.env.wasm.wasmPaths = { mjs: absolute(mjs), wasm: absolute(wasm) };
}
