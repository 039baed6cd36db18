/** Tries two ONNX files out: do they fit together, and do they answer the probe picture with numbers? */
import { modelFeeds } from "../core/feeds";
import type { SelfTest } from "../core/manifest";
import { selfTestPicture } from "../core/selftest";
import type { Inspection } from "../protocol";
import { modelOf, openPair, type Model, type OpenedFile } from "./model";
import { openRuntime } from "./runtime";

/** Logits to remember of the probe's answer. */
const samples = 64;

/** @param size The model's input size, where the graphs may not say it. */
export async function inspect(files: readonly [OpenedFile, OpenedFile], size: number | null): Promise<Inspection> {
  const runtime = await openRuntime({ provider: "wasm", threads: 1, forced: true });
  const { fit, sessions } = await openPair(runtime, files);
  if (!fit.fits || !sessions) return { result: "misfit", problems: fit.fits ? [] : fit.problems };
  const inputSize = fit.inputSize ?? size;
  if (inputSize === null) return { result: "size-unknown" };
  try {
    const selfTest = await probe(modelOf(runtime, sessions, inputSize), inputSize);
    const { encoder, decoder } = fit;
    return { result: "runs", inputSize, swapped: encoder.file !== files[0].name, encoder, decoder, selfTest };
  } catch (error) {
    if (typeof error === "number" || error instanceof RangeError) throw error;
    return {
      result: "misfit",
      problems: [`The two files fit, but they do not run: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}

/**
 * Runs the probe picture; its answer is what every provider must give from now on.
 *
 * @throws Error when it is no answer.
 */
async function probe(model: Model, inputSize: number): Promise<SelfTest> {
  const [width, height] = [inputSize, Math.max(1, Math.round(inputSize * 0.75))];
  const tap: [number, number] = [Math.floor(width / 2), Math.floor(height / 2)];
  const embeddings = await model.encode(selfTestPicture(width, height), width, height);
  const { ious, logits } = await model.decode(embeddings, modelFeeds([tap], [1], model.gridSize));
  embeddings.dispose();
  if (ious.length !== 4 && ious.length !== 1)
    throw new Error(`there are ${ious.length} masks for a tap, and not four or one.`);
  if (logits.length !== ious.length * model.gridSize ** 2)
    throw new Error(
      `low_res_masks has ${logits.length} values, and not ${ious.length} × ${model.gridSize} × ${model.gridSize}.`,
    );
  if (![...ious].every(Number.isFinite) || !logits.every(Number.isFinite))
    throw new Error("the answer to the probe picture holds what is not a number.");
  const index = Array.from({ length: samples }, (_, i) => Math.floor(((i + 0.5) * logits.length) / samples));
  // Of a single mask where the decoder has no more, unlike in a manifest.
  const iou_predictions = [...ious] as SelfTest["iou_predictions"];
  return {
    width,
    height,
    point_coords: [tap],
    point_labels: [1],
    iou_predictions,
    logits: { index, value: index.map((at) => logits[at]!) },
    tolerance: 0.05,
  };
}
