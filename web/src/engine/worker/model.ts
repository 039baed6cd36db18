/** An encoder and a decoder session. Encoder outputs reach the decoder by name; the app need not know what they are. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { PromptError, type PromptFeeds } from "../core/feeds";
import { gridSize } from "../core/grid";
import { toPlanes } from "../core/normalise";
import { fitPair, type AnyTensor, type Fit, type Graph, type PairForm } from "../core/pair";
import type { SavedTensor } from "../embeddings";
import type { Setup } from "../protocol";
import { download, upload } from "./gpu";
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
  save(embeddings: Embeddings): Promise<Record<string, SavedTensor>>;
  restore(saved: Readonly<Record<string, SavedTensor>>): Embeddings;
  decode(embeddings: Embeddings, prompt: PromptFeeds): Promise<Answer>;
  readonly gridSize: number;
  /** How many prompts a call of `decode` takes, at most. */
  readonly mostPrompts: number;
}

/**
 * Prompts at once: no more than what segment-anything takes, nor than makes a megapixel of low-res logits for each of
 * the four masks.
 */
const mostPrompts = (cells: number): number => Math.max(1, Math.min(64, Math.floor(2 ** 20 / cells ** 2)));

const ours: PairForm = { image: "bytes", imageName: "image", embeddings: "image_embeddings" };

export async function loadModel(runtime: Runtime, setup: Setup): Promise<Model> {
  return modelOf(runtime, await openSessions(runtime, setup), setup.inputSize);
}

export interface Sessions {
  readonly encoder: InferenceSession;
  readonly decoder: InferenceSession;
  readonly form: PairForm;
}

const optionsFor = (provider: Runtime["provider"]): InferenceSession.SessionOptions => ({
  executionProviders: [provider],
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
});

async function openSessions({ ort, provider, device }: Runtime, setup: Setup): Promise<Sessions> {
  const options = optionsFor(provider);
  // One after the other: sessions that are created at the same time stall each other.
  const encoder = await ort.InferenceSession.create(
    setup.encoder,
    device ? { ...options, preferredOutputLocation: "gpu-buffer" } : options,
  );
  const decoder = await ort.InferenceSession.create(setup.decoder, options);
  const fit = fitPair([graphOf("The encoder", encoder), graphOf("The decoder", decoder)]);
  return { encoder, decoder, form: fit.fits ? fit.form : ours };
}

/** Two files of unknown roles. Each is closed again when they do not fit. */
export async function openPair(
  { ort, provider }: Runtime,
  files: readonly [OpenedFile, OpenedFile],
): Promise<{ fit: Fit; sessions: Sessions | null }> {
  const options = optionsFor(provider);
  const opened: InferenceSession[] = [];
  for (const { name, bytes } of files)
    try {
      opened.push(await ort.InferenceSession.create(bytes, options));
    } catch (error) {
      if (typeof error === "number" || error instanceof RangeError) throw error; // no memory
      return {
        fit: {
          fits: false,
          problems: [
            `${name} cannot be read as an ONNX model: ${error instanceof Error ? error.message : String(error)}`,
          ],
        },
        sessions: null,
      };
    }
  const [first, second] = [graphOf(files[0].name, opened[0]!), graphOf(files[1].name, opened[1]!)];
  const fit = fitPair([first, second]);
  if (!fit.fits) return { fit, sessions: null };
  const [encoder, decoder] = fit.encoder === first ? [opened[0]!, opened[1]!] : [opened[1]!, opened[0]!];
  return { fit, sessions: { encoder, decoder, form: fit.form } };
}

export interface OpenedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function graphOf(file: string, { inputMetadata, outputMetadata }: InferenceSession): Graph {
  const spec = (value: InferenceSession.ValueMetadata): AnyTensor => ({
    name: value.name,
    type: value.isTensor ? value.type : "other",
    shape: value.isTensor ? [...value.shape] : [],
  });
  return { file, inputs: inputMetadata.map(spec), outputs: outputMetadata.map(spec) };
}

export function modelOf({ ort, device }: Runtime, { encoder, decoder, form }: Sessions, inputSize: number): Model {
  const cells = gridSize(inputSize);
  const imageOf = (rgb: Uint8Array, width: number, height: number): Tensor => {
    if (form.image === "bytes") return new ort.Tensor("uint8", rgb, [1, height, width, 3]);
    if (form.image === "pixels") return new ort.Tensor("float32", Float32Array.from(rgb), [height, width, 3]);
    return new ort.Tensor("float32", toPlanes(rgb, width, height, inputSize), [1, 3, inputSize, inputSize]);
  };

  return {
    gridSize: cells,
    mostPrompts: takesMany(decoder) ? mostPrompts(cells) : 1,
    async encode(rgb, width, height) {
      const outputs = await encoder.run({ [form.imageName]: imageOf(rgb, width, height) });
      const { [form.embeddings]: embeddings, ...others } = outputs;
      return held({ ...others, image_embeddings: embeddings! });
    },
    async save({ tensors }) {
      const saved: Record<string, SavedTensor> = {};
      // Tensor.getData would take them off the GPU, and every tap would put them back.
      for (const [name, tensor] of Object.entries(tensors)) {
        if (tensor.type !== "float32")
          throw new PromptError(`The output "${name}" is ${tensor.type}, which cannot be saved.`);
        const data =
          device && tensor.location === "gpu-buffer"
            ? new Float32Array(await download(device, tensor.gpuBuffer as GPUBuffer, 4 * tensor.size))
            : (tensor.data as Float32Array<ArrayBuffer>).slice();
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
      const prompts = Object.entries(prompt).map(
        ([name, { data, dims }]) => [name, new ort.Tensor("float32", data, dims)] as const,
      );
      // segment-anything's decoder also enlarges its masks, to this size. We do not use them: a small one is soon done.
      const size = new ort.Tensor("float32", Float32Array.of(inputSize, inputSize), [2]);
      const feeds: Record<string, Tensor> = {
        ...embeddings.tensors,
        ...Object.fromEntries(prompts),
        orig_im_size: size,
      };
      // An encoder may offer, and a prompt may hold, more than this decoder asks for.
      const asked = Object.fromEntries(decoder.inputNames.map((name) => [name, feeds[name]!]));
      const { iou_predictions: ious, low_res_masks: logits } = await decoder.run(asked, [
        "iou_predictions",
        "low_res_masks",
      ]);
      return { ious: ious!.data as Float32Array, logits: logits!.data as Float32Array<ArrayBuffer> };
    },
  };
}

const held = (tensors: Readonly<Record<string, Tensor>>): Embeddings => ({
  tensors,
  dispose: () => Object.values(tensors).forEach((tensor) => tensor.dispose()),
});
/** Is the number of prompts a dimension of its own, or fixed to 1? */
function takesMany({ inputMetadata }: InferenceSession): boolean {
  const coords = inputMetadata.find(({ name }) => name === "point_coords");
  return coords?.isTensor === true && typeof coords.shape[0] === "string";
}
