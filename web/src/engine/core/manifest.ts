/**
 * The manifest: which models there are, their files, and how to tell that they run truly. `export/publish/manifest.py`
 * checks the same.
 */
import { Validator, type OutputUnit, type Schema } from "@cfworker/json-schema";
import schema from "../../../../contract/manifest.schema.json";
import type { Manifest, ModelEntry, ModelFile, SelfTest, TensorSpec, Variant } from "./contract";

export type { Manifest, ModelEntry, ModelFile, SelfTest, TensorSpec, Variant };

/** Names the field that is wrong. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

const validator = new Validator(schema as Schema, "2020-12", false);

/** Checks what came over the network; throws a `ManifestError`. */
export function parseManifest(json: unknown): Manifest {
  const { valid, errors } = validator.validate(json);
  if (!valid) throw new ManifestError(describe(errors));
  const manifest = json as Manifest;
  checkReferences(manifest);
  return manifest;
}

/** The model and the variant to run: the ones asked for, or the manifest's defaults. */
export function chooseVariant(
  manifest: Manifest,
  id = manifest.default,
  name?: string,
): { model: ModelEntry; name: string; variant: Variant } {
  const model = manifest.models.find((entry) => entry.id === id);
  if (!model)
    throw new ManifestError(
      `The manifest has no model "${id}". It has: ${manifest.models.map((entry) => entry.id).join(", ")}.`,
    );
  name ??= model.default_variant;
  const variant = Object.hasOwn(model.variants, name) ? model.variants[name] : undefined;
  if (!variant)
    throw new ManifestError(
      `Model "${id}" has no variant "${name}". It has: ${Object.keys(model.variants).join(", ")}.`,
    );
  return { model, name, variant };
}

/** The id of the model that answers until the default one is there; null where one model does it all. */
export const instantOf = ({ default: finest, instant }: Manifest): string | null =>
  instant === undefined || instant === finest ? null : instant;

/** A variant as a provider runs it: WASM has files of its own where the variant names them. */
export const runAs = (variant: Variant, provider: string): Variant =>
  provider === "webgpu" ? variant : { ...variant, ...variant.wasm };

/** All files of a variant. */
export const filesOf = ({ encoder, decoder, wasm }: Variant): ModelFile[] => [
  encoder,
  decoder,
  ...(wasm ? [wasm.encoder, wasm.decoder] : []),
];

/** What a schema cannot say: that names refer to something, and that parallel lists are equally long. */
function checkReferences(manifest: Manifest): void {
  chooseVariant(manifest);
  if (manifest.instant !== undefined) chooseVariant(manifest, manifest.instant);
  for (const model of manifest.models) {
    chooseVariant(manifest, model.id);
    for (const [name, { encoder, wasm, decoder, self_test }] of Object.entries(model.variants)) {
      const at = `models[${model.id}].variants.${name}`;
      const demand = (truth: boolean, field: string, complaint: string) => {
        if (!truth) throw new ManifestError(`The manifest is not valid: ${at}.${field} ${complaint}.`);
      };
      const parts = { encoder, decoder, ...(wasm && { "wasm.encoder": wasm.encoder, "wasm.decoder": wasm.decoder }) };
      for (const [part, { file, sha256 }] of Object.entries(parts))
        demand(
          file.endsWith(`.${sha256.slice(0, 8)}.onnx`),
          `${part}.file`,
          "does not carry the first eight digits of its sha256",
        );
      for (const [field, test] of Object.entries({ self_test, ...(wasm && { "wasm.self_test": wasm.self_test }) })) {
        demand(
          test.point_coords.length === test.point_labels.length,
          `${field}.point_labels`,
          "is not as long as point_coords",
        );
        demand(
          test.logits.index.length === test.logits.value.length,
          `${field}.logits.value`,
          "is not as long as index",
        );
      }
      for (const part of wasm ? (["encoder", "decoder"] as const) : [])
        demand(
          same(wasm![part], part === "encoder" ? encoder : decoder),
          `wasm.${part}`,
          `does not have the inputs and outputs of the ${part}`,
        );
      const known = new Set([...promptInputs, ...encoder.outputs.map((output) => output.name)]);
      const unknown = decoder.inputs.find((input) => !known.has(input.name));
      demand(
        !unknown,
        "decoder.inputs",
        `names "${unknown?.name}", which is neither a prompt nor an output of the encoder`,
      );
    }
  }
}

const same = (a: ModelFile, b: ModelFile): boolean =>
  JSON.stringify([a.inputs, a.outputs]) === JSON.stringify([b.inputs, b.outputs]);

const promptInputs = ["point_coords", "point_labels", "mask_input", "has_mask_input"];

/** Keywords that only pass on that something inside is wrong. */
const wrappers = new Set(["$ref", "properties", "additionalProperties", "items", "anyOf"]);

/** The error that lies deepest is the cause. */
function describe(errors: OutputUnit[]): string {
  const depth = (error: OutputUnit) =>
    error.instanceLocation.split("/").length * 2 - (wrappers.has(error.keyword) ? 1 : 0);
  const cause = errors.reduce((a, b) => (depth(b) > depth(a) ? b : a));
  const field = cause.instanceLocation
    .slice(2)
    .replaceAll("/", ".")
    .replaceAll(/\.(\d+)(?=\.|$)/g, "[$1]");
  return `The manifest is not valid: ${field || "the whole of it"}: ${cause.error}`;
}
