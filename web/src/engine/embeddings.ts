/** What the encoder made of a photo, outside of the worker: for a database, a file, another page. */
import type { TensorSpec } from "./core/manifest";

export interface SavedTensor {
  readonly type: "float32";
  readonly dims: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

export interface SavedEmbeddings {
  /** Pixels of the photo. */
  readonly width: number;
  readonly height: number;
  /** The encoder's outputs by name. */
  readonly tensors: Readonly<Record<string, SavedTensor>>;
}

/**
 * Why something is not what this encoder would have made, or null if it could be. Whoever made it, and whether the
 * numbers are those of the photo, cannot be told.
 *
 * @param saved Anything: it may come from a database that is damaged.
 * @param outputs The encoder's outputs in the manifest.
 */
export function misfit(saved: unknown, outputs: readonly TensorSpec[]): string | null {
  if (!isRecord(saved) || !isSide(saved.width) || !isSide(saved.height) || !isRecord(saved.tensors))
    return "They are not embeddings.";
  const { tensors } = saved;
  const names = outputs.map(({ name }) => name);
  const foreign = Object.keys(tensors).find((name) => !names.includes(name));
  if (foreign !== undefined) return `This model has no output "${foreign}".`;
  for (const { name, type, shape } of outputs) {
    const tensor = tensors[name];
    if (!isRecord(tensor)) return `"${name}" is missing.`;
    const { dims, data } = tensor;
    if (tensor.type !== type || !(data instanceof Float32Array)) return `"${name}" is not ${type}.`;
    if (!Array.isArray(dims) || !fits(dims, shape)) return `"${name}" is not shaped like ${shape.join(" × ")}.`;
    if (data.length !== dims.reduce((product: number, size: number) => product * size, 1))
      return `"${name}" has ${data.length} numbers, which are not ${dims.join(" × ")}.`;
  }
  return null;
}

/** Names stand for any size. */
const fits = (dims: readonly unknown[], shape: TensorSpec["shape"]): boolean =>
  dims.length === shape.length &&
  dims.every((size, i) => isSide(size) && (typeof shape[i] === "string" || shape[i] === size));

const isSide = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
