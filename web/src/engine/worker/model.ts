/** An encoder and a decoder session. Encoder outputs reach the decoder by name; the app need not know what they are. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { PromptError, type PromptFeeds } from "../../core/feeds";
import type { SavedTensor } from "../embeddings";
import type { Setup } from "../protocol";
import { download, upload } from "./gpu";
import type { Runtime } from "./runtime";

/** The encoder's outputs for one photo, on the GPU where the model runs there. */
export interface Embeddings {
  readonly tensors: Readonly<Record<string, Tensor>>;
  dispose(): void;
}

export interface Answer {
  /** `[4]` */
  readonly ious: Float32Array;
  /** `[4·G·G]` */
  readonly logits: Float32Array<ArrayBuffer>;
}

export interface Model {
  /** @param rgb `height × width × 3` bytes whose longer side is the model's input size. */
  encode(rgb: Uint8Array, width: number, height: number): Promise<Embeddings>;
  save(embeddings: Embeddings): Promise<Record<string, SavedTensor>>;
  restore(saved: Readonly<Record<string, SavedTensor>>): Embeddings;
  decode(embeddings: Embeddings, prompt: PromptFeeds): Promise<Answer>;
  readonly gridSize: number;
}

export async function loadModel({ ort, provider, device }: Runtime, setup: Setup): Promise<Model> {
  const options: InferenceSession.SessionOptions = { executionProviders: [provider], graphOptimizationLevel: "all", logSeverityLevel: 3 };
  // One after the other: sessions that are created at the same time stall each other.
  const encoder = await ort.InferenceSession.create(setup.encoder, device ? { ...options, preferredOutputLocation: "gpu-buffer" } : options);
  const decoder = await ort.InferenceSession.create(setup.decoder, options);

  return {
    gridSize: setup.inputSize / 4,
    async encode(rgb, width, height) {
      const image = new ort.Tensor("uint8", rgb, [1, height, width, 3]);
      return held(await encoder.run({ image }));
    },
    async save({ tensors }) {
      const saved: Record<string, SavedTensor> = {};
      // Tensor.getData would take them off the GPU, and every tap would put them back.
      for (const [name, tensor] of Object.entries(tensors)) {
        if (tensor.type !== "float32") throw new PromptError(`The output "${name}" is ${tensor.type}, which cannot be saved.`);
        const data = device && tensor.location === "gpu-buffer" ? new Float32Array(await download(device, tensor.gpuBuffer as GPUBuffer, 4 * tensor.size)) : (tensor.data as Float32Array<ArrayBuffer>).slice();
        saved[name] = { type: "float32", dims: [...tensor.dims], data };
      }
      return saved;
    },
    restore(saved) {
      const tensor = ({ type, dims, data }: SavedTensor): Tensor => {
        if (!device) return new ort.Tensor(type, data, dims);
        const buffer = upload(device, data);
        return ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims, dispose: () => buffer.destroy() });
      };
      return held(Object.fromEntries(Object.entries(saved).map(([name, content]) => [name, tensor(content)])));
    },
    async decode(embeddings, prompt) {
      const prompts = Object.entries(prompt).map(([name, { data, dims }]) => [name, new ort.Tensor("float32", data, dims)] as const);
      const feeds: Record<string, Tensor> = { ...embeddings.tensors, ...Object.fromEntries(prompts) };
      // An encoder may offer, and a prompt may hold, more than this decoder asks for.
      const asked = Object.fromEntries(decoder.inputNames.map((name) => [name, feeds[name]!]));
      const { iou_predictions: ious, low_res_masks: logits } = await decoder.run(asked);
      if (!ious || !logits) throw new Error("The decoder has no outputs named iou_predictions and low_res_masks.");
      return { ious: ious.data as Float32Array, logits: logits.data as Float32Array<ArrayBuffer> };
    },
  };
}

const held = (tensors: Readonly<Record<string, Tensor>>): Embeddings => ({ tensors, dispose: () => Object.values(tensors).forEach((tensor) => tensor.dispose()) });
