/**
 * The plain recipe: what a page does that follows segment-anything's and onnxruntime-web's documentation and no more.
 *
 * Graphs as exported, in float32. Sessions in the page's own thread, with onnxruntime-web's default options. Models
 * fetched past every cache. The photo scaled by the canvas and normalised in JavaScript. The embedding is kept; every
 * tap runs segment-anything's own decoder, which returns masks of the photo's full size.
 */
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import wasmModuleUrl from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import * as ort from "onnxruntime-web/wasm";
import { deviation, mean } from "../src/engine/core/normalise";
import type { Side } from "./types";

const inputSize = 1024;

export function plainSide(models: string, threads: number): Side {
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = {
    mjs: new URL(wasmModuleUrl, import.meta.url).href,
    wasm: new URL(wasmUrl, import.meta.url).href,
  };
  const sessions = new Map<string, ort.InferenceSession>();
  let embeddings: ort.Tensor;
  let photoSize = { width: 0, height: 0 };

  async function open(file: string): Promise<ort.InferenceSession> {
    const answer = await fetch(new URL(file, new URL(models, location.href)), { cache: "no-store" });
    return ort.InferenceSession.create(await answer.arrayBuffer(), { executionProviders: ["wasm"] });
  }

  async function opened(file: string): Promise<ort.InferenceSession> {
    const session = sessions.get(file) ?? (await open(file));
    sessions.set(file, session);
    return session;
  }

  return {
    async load() {
      await opened("encoder.onnx");
      await opened("decoder.onnx");
      return { provider: "wasm-threads", threads, model: "MobileSAM, fp32", instant: false };
    },

    async encode(photo) {
      photoSize = { width: photo.width, height: photo.height };
      const image = new ort.Tensor("float32", normalised(photo), [1, 3, inputSize, inputSize]);
      const outputs = await (await opened("encoder.onnx")).run({ image });
      embeddings = outputs["image_embeddings"]!;
    },

    async tap(x, y, mode) {
      const { width, height } = photoSize;
      const start = performance.now();
      const rebuilt = mode === "rebuild" ? await open("decoder.onnx") : null;
      const decoder = rebuilt ?? (await opened(mode === "single" ? "decoder-single.onnx" : "decoder.onnx"));
      const scale = inputSize / Math.max(width, height);
      const floats = (values: number[], shape: number[]) => new ort.Tensor("float32", Float32Array.from(values), shape);
      const { masks, iou_predictions: ious } = await decoder.run({
        image_embeddings: embeddings,
        point_coords: floats([x * scale, y * scale, 0, 0], [1, 2, 2]),
        point_labels: floats([1, -1], [1, 2]),
        mask_input: new ort.Tensor("float32", new Float32Array(256 * 256), [1, 1, 256, 256]),
        has_mask_input: floats([0], [1]),
        orig_im_size: floats([height, width], [2]),
      });
      const logits = masks!.data as Float32Array;
      const answer = performance.now() - start;
      threshold(logits, best(ious!.data as Float32Array), width * height);
      const mask = performance.now() - start;
      await rebuilt?.release();
      return { answer, mask };
    },
  };
}

/** Longer side to the input size, top left; NCHW floats, padded with zeros. */
function normalised(photo: ImageBitmap): Float32Array {
  const scale = inputSize / Math.max(photo.width, photo.height);
  const [width, height] = [Math.round(photo.width * scale), Math.round(photo.height * scale)];
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.drawImage(photo, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const out = new Float32Array(3 * inputSize * inputSize);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        out[(c * inputSize + y) * inputSize + x] = (data[4 * (y * width + x) + c]! - mean[c]!) / deviation[c]!;
  return out;
}

/** Which of the masks a page shows for one point: the best of the last three, or the only one. */
function best(ious: Float32Array): number {
  if (ious.length === 1) return 0;
  return [1, 2, 3].reduce((a, b) => (ious[b]! > ious[a]! ? b : a));
}

function threshold(logits: Float32Array, index: number, pixels: number): Uint8Array {
  const out = new Uint8Array(pixels);
  const first = index * pixels;
  for (let i = 0; i < pixels; i++) out[i] = logits[first + i]! > 0 ? 1 : 0;
  return out;
}
