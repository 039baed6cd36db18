/** Made from contract/manifest.schema.json by `npm run contract`. */

/**
 * Written by `python -m export publish`, read by the page. What it means stands in docs/architecture.md.
 */
export interface Manifest {
  schema: 1;
  /**
   * The id of one of the models.
   */
  default: string;
  /**
   * The id of a small model that answers until the default one is there. Without it there is one model.
   */
  instant?: string;
  models: ModelEntry[];
}
export interface ModelEntry {
  id: string;
  title: string;
  licence: string;
  source: string;
  input_size: number;
  normalisation: "in-graph";
  mask_threshold: number;
  default_variant: string;
  variants: {
    [k: string]: Variant;
  };
}
export interface Variant {
  opset: number;
  providers: ("webgpu" | "wasm")[];
  encoder: ModelFile;
  /**
   * What takes the places of encoder, decoder and self-test where the provider is WASM: the same inputs and outputs, computed by kernels that WebGPU lacks.
   */
  wasm?: {
    encoder: ModelFile;
    decoder: ModelFile;
    self_test: SelfTest;
  };
  decoder: ModelFile;
  quality: Quality;
  self_test: SelfTest;
}
export interface ModelFile {
  /**
   * A name in the manifest's own folder, with the first eight hex digits of the file's sha256 in it.
   */
  file: string;
  bytes: number;
  sha256: string;
  inputs: TensorSpec[];
  outputs: TensorSpec[];
}
export interface TensorSpec {
  name: string;
  type: "uint8" | "int8" | "int32" | "int64" | "float16" | "float32";
  /**
   * Numbers are fixed sizes, strings name dynamic ones.
   */
  shape: (number | string)[];
}
export interface SelfTest {
  width: number;
  height: number;
  point_coords: [number, number][];
  point_labels: (0 | 1)[];
  /**
   * @minItems 4
   * @maxItems 4
   */
  iou_predictions: [number, number, number, number];
  logits: {
    index: number[];
    value: number[];
  };
  tolerance: number;
}
export interface Quality {
  verify?: {
    [k: string]: number;
  };
  benchmarks?: {
    [k: string]: {};
  };
}
