/** An encoder and a decoder session. Encoder outputs reach the decoder by name; the app need not know what they are. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { PromptFeeds } from "../../core/feeds";
import type { Setup } from "../protocol";
import type { Runtime } from "./runtime";

/** The encoder's outputs for one photo, on the GPU where the model runs there. */
export interface Embeddings {
  readonly tensors: Readonly<Record<string, Tensor>>;
  dispose(): void;
}

/** To P prompts of M masks each. M is 4, or 1 where a decoder offers a single mask. */
export interface Answer {
  /** `[P·M]` */
  readonly ious: Float32Array;
  /** `[P·M·G·G]` */
  readonly logits: Float32Array<ArrayBuffer>;
}

export interface Model {
  /** @param rgb `height × width × 3` bytes whose longer side is the model's input size. */
  encode(rgb: Uint8Array, width: number, height: number): Promise<Embeddings>;
  decode(embeddings: Embeddings, prompt: PromptFeeds): Promise<Answer>;
  readonly gridSize: number;
  /** How many prompts a call of `decode` takes, at most. */
  readonly mostPrompts: number;
}

/** Prompts at once: no more than what segment-anything takes, nor than makes a megapixel of low-res logits for each of the four masks. */
const mostPrompts = (gridSize: number): number => Math.max(1, Math.min(64, Math.floor(2 ** 20 / gridSize ** 2)));

export async function loadModel({ ort, provider, onGpu }: Runtime, setup: Setup): Promise<Model> {
  const options: InferenceSession.SessionOptions = { executionProviders: [provider], graphOptimizationLevel: "all", logSeverityLevel: 3 };
  // One after the other: sessions that are created at the same time stall each other.
  const encoder = await ort.InferenceSession.create(setup.encoder, onGpu ? { ...options, preferredOutputLocation: "gpu-buffer" } : options);
  const decoder = await ort.InferenceSession.create(setup.decoder, options);
  const gridSize = setup.inputSize / 4;

  return {
    gridSize,
    mostPrompts: takesMany(decoder) ? mostPrompts(gridSize) : 1,
    async encode(rgb, width, height) {
      const image = new ort.Tensor("uint8", rgb, [1, height, width, 3]);
      const tensors = await encoder.run({ image });
      return { tensors, dispose: () => Object.values(tensors).forEach((tensor) => tensor.dispose()) };
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

/** Is the number of prompts a dimension of its own, or fixed to 1? */
function takesMany({ inputMetadata }: InferenceSession): boolean {
  const coords = inputMetadata.find(({ name }) => name === "point_coords");
  return coords?.isTensor === true && typeof coords.shape[0] === "string";
}
