/**
 * Do two ONNX files of unknown origin make a model that this page can run? Told from their inputs and outputs alone.
 */
import type { TensorSpec } from "./manifest";
import { frameSize } from "./grid";

/** A tensor of a graph of unknown origin: its type may be one that no manifest names. */
export type AnyTensor = Omit<TensorSpec, "type"> & { readonly type: string };

/** What a graph says about itself. */
export interface Graph {
  /** The file's name, for the reader. */
  readonly file: string;
  readonly inputs: readonly AnyTensor[];
  readonly outputs: readonly AnyTensor[];
}

/**
 * How an encoder wants the photo: `bytes`: uint8 `[1, h, w, 3]`, ours; `planes`: float32 `[1, 3, S, S]`, normalised by
 * SAM's mean and deviation and padded with zeros; `pixels`: float32 `[h, w, 3]` of 0 to 255.
 */
export type ImageForm = "bytes" | "planes" | "pixels";

export interface PairForm {
  readonly image: ImageForm;
  /** The encoder's input. */
  readonly imageName: string;
  /** Which encoder output goes to the decoder's `image_embeddings` when the encoder calls it otherwise. */
  readonly embeddings: string;
}

export type Fit =
  | {
      readonly fits: true;
      readonly encoder: Graph;
      readonly decoder: Graph;
      readonly form: PairForm;
      /** Null: the graphs do not say. */ readonly inputSize: number | null;
    }
  | { readonly fits: false; readonly problems: readonly string[] };

const needed = ["point_coords", "point_labels"];
const offered = [...needed, "mask_input", "has_mask_input", "orig_im_size"];
const wanted = ["low_res_masks", "iou_predictions"];

/** @param files An encoder and a decoder in any order. */
export function fitPair(files: readonly [Graph, Graph]): Fit {
  const decoders = files.filter(isDecoder);
  if (decoders.length === 2)
    return misfit(
      `${files[0].file} and ${files[1].file} are both decoders: they take point_coords. Choose an encoder and a decoder.`,
    );
  if (!decoders.length)
    return misfit(
      ...files.map(
        ({ file, inputs }) =>
          `${file} is no decoder: it has the inputs ${names(inputs)}, and a decoder takes point_coords and point_labels.`,
      ),
    );
  const decoder = decoders[0]!;
  const encoder = files.find((file) => file !== decoder)!;

  const problems: string[] = [];
  const image = imageForm(encoder);
  if (encoder.inputs.length !== 1)
    problems.push(`${encoder.file} has the inputs ${names(encoder.inputs)}. An encoder takes the photo alone.`);
  else if (!image)
    problems.push(
      `${encoder.file} takes ${tensor(encoder.inputs[0]!)}. It must be uint8 [1, height, width, 3], float32 [1, 3, size, size] or float32 [height, width, 3].`,
    );
  for (const name of needed) if (!has(decoder.inputs, name)) problems.push(`${decoder.file} lacks the input ${name}.`);
  for (const name of wanted)
    if (!has(decoder.outputs, name))
      problems.push(`${decoder.file} lacks the output ${name}. It has ${names(decoder.outputs)}.`);

  const embeddings = has(encoder.outputs, "image_embeddings") ? "image_embeddings" : (encoder.outputs[0]?.name ?? "");
  const maps = decoder.inputs.filter(({ name }) => !offered.includes(name));
  if (!maps.length)
    problems.push(`${decoder.file} takes nothing that an encoder gives: it lacks the input image_embeddings.`);
  for (const input of maps) {
    const source = encoder.outputs.find(
      ({ name }) => name === (input.name === "image_embeddings" ? embeddings : input.name),
    );
    if (!source)
      problems.push(
        `${decoder.file} takes ${input.name}, which ${encoder.file} does not give. It gives ${names(encoder.outputs)}.`,
      );
    else if (!agree(source, input))
      problems.push(
        `The two files do not belong together: ${encoder.file} gives ${tensor(source)}, and ${decoder.file} takes ${tensor(input)}.`,
      );
  }
  for (const input of decoder.inputs)
    if (offered.includes(input.name) && input.type !== "float32")
      problems.push(`${decoder.file} takes ${tensor(input)}. It must be float32.`);

  const side = encoderSide(encoder, image);
  const grid =
    square(decoder.inputs.find(({ name }) => name === "mask_input")?.shape) ??
    square(decoder.outputs.find(({ name }) => name === "low_res_masks")?.shape);
  if (side === "uneven") problems.push(`${encoder.file} takes ${tensor(encoder.inputs[0]!)}, which is not square.`);
  else if (side && grid && side !== frameSize(grid))
    problems.push(
      `The two files do not belong together: ${encoder.file} reads ${side} × ${side} pixels, and ${decoder.file} answers with ${grid} × ${grid}, which is not a quarter of them.`,
    );
  if (problems.length || side === "uneven") return { fits: false, problems };
  return {
    fits: true,
    encoder,
    decoder,
    form: { image: image!, imageName: encoder.inputs[0]!.name, embeddings },
    inputSize: side ?? (grid ? frameSize(grid) : null),
  };
}

const misfit = (...problems: string[]): Fit => ({ fits: false, problems });

const isDecoder = ({ inputs }: Graph): boolean => has(inputs, "point_coords") || has(inputs, "point_labels");

/** Null: an input that the page cannot feed. */
export function imageForm({ inputs }: Pick<Graph, "inputs">): ImageForm | null {
  const { type, shape } = inputs[0] ?? { type: "", shape: [] };
  if (type === "uint8" && shape.length === 4 && may(shape[3], 3) && may(shape[0], 1)) return "bytes";
  if (type === "float32" && shape.length === 4 && may(shape[1], 3) && may(shape[0], 1)) return "planes";
  return type === "float32" && shape.length === 3 && may(shape[2], 3) ? "pixels" : null;
}

/** Null: any side will do. */
function encoderSide({ inputs }: Graph, form: ImageForm | null): number | "uneven" | null {
  const shape = inputs[0]?.shape ?? [];
  const sides =
    form === "planes" ? [shape[2], shape[3]] : form === "bytes" ? [shape[1], shape[2]] : [shape[0], shape[1]];
  const fixed = sides.filter((side) => typeof side === "number");
  if (!form || !fixed.length) return null;
  return fixed.length === 2 && fixed[0] === fixed[1] ? fixed[0]! : "uneven";
}

const square = (shape: TensorSpec["shape"] | undefined): number | null => {
  const [height, width] = shape?.slice(-2) ?? [];
  return typeof width === "number" && width === height ? width : null;
};

/** Could the dimension be that? A name stands for any number. */
const may = (dimension: number | string | undefined, value: number): boolean =>
  dimension === value || typeof dimension === "string";

const agree = (a: AnyTensor, b: AnyTensor): boolean =>
  a.type === b.type &&
  a.shape.length === b.shape.length &&
  a.shape.every((size, i) => typeof size === "string" || may(b.shape[i], size));

const has = (specs: readonly AnyTensor[], name: string): boolean => specs.some((spec) => spec.name === name);
const names = (specs: readonly AnyTensor[]): string => specs.map(({ name }) => name).join(", ") || "none";
const tensor = ({ name, type, shape }: AnyTensor): string => `${name}, ${type} [${shape.join(", ")}]`;
