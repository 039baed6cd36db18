/** Small things that several tests need. */
import type { LowResMask } from "../src/engine/core/prompt";
import type { Manifest } from "../src/engine/core/manifest";

/** The grid of tests/golden/make_geometry.py: two blobs, one of them at the left edge. */
export function goldenGrid(size: number): LowResMask {
  const logits = new Float32Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const first = 0.0625 * size * size - (x - 0.5 * size) ** 2 - 1.5 * (y - 0.25 * size) ** 2;
      const second = 0.015625 * size * size - (x - 3) ** 2 - (y - 0.375 * size) ** 2;
      logits[y * size + x] = Math.max(first, second) + 0.27734375;
    }
  return { logits, size };
}

export const area = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + value, 0);

/** A valid manifest with one tiny model; change it freely. */
export function sampleManifest(): Manifest {
  const file = (part: string, sha256: string, bytes: number) => ({ file: `tiny-${part}.fp32.${sha256.slice(0, 8)}.onnx`, bytes, sha256 });
  const tensor = (name: string, shape: (number | string)[]) => ({ name, type: "float32", shape });
  return {
    schema: 1,
    default: "tiny",
    models: [
      {
        id: "tiny",
        title: "Tiny",
        licence: "CC0-1.0",
        source: "made for the tests",
        input_size: 64,
        normalisation: "in-graph",
        mask_threshold: 0,
        default_variant: "fp32",
        variants: {
          fp32: {
            opset: 17,
            providers: ["webgpu", "wasm"],
            encoder: {
              ...file("encoder", "a".repeat(64), 3),
              inputs: [{ name: "image", type: "uint8", shape: [1, "height", "width", 3] }],
              outputs: [tensor("image_embeddings", [1, 8, 4, 4])],
            },
            decoder: {
              ...file("decoder", "b".repeat(64), 3),
              inputs: [tensor("image_embeddings", [1, 8, 4, 4]), tensor("point_coords", [1, "points", 2])],
              outputs: [tensor("low_res_masks", [1, 4, 16, 16]), tensor("iou_predictions", [1, 4])],
            },
            quality: { verify: { mask_iou: 1, max_logit_difference: 0 }, benchmarks: {} },
            self_test: {
              width: 64,
              height: 48,
              point_coords: [[32, 24]],
              point_labels: [1],
              iou_predictions: [0.1, 0.2, 0.3, 0.4],
              logits: { index: [0, 5], value: [1, -20] },
              tolerance: 0.05,
            },
          },
        },
      },
    ],
  };
}
