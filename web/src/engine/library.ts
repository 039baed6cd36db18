/** What the manifest offers, and what of it is on this device. */
import { filesOf, instantOf, type Manifest, type ModelEntry, type Variant } from "./core/manifest";
import { loadManifest } from "./manifestSource";
import { dropFile, keptWhere } from "./modelStore";

export interface Offer {
  readonly model: ModelEntry;
  readonly variant: string;
  /** Of an encoder and the decoder. */
  readonly bytes: number;
  /** What runs when nothing is chosen. */
  readonly isDefault: boolean;
  /** What answers until the default one is there. */
  readonly isInstant: boolean;
  /** `page`: kept with the page, for offline use. Null: not on this device, or only in part. */
  readonly kept: "ours" | "page" | null;
}

/** @throws EngineError `manifest`, or `download` without a network and without a copy. */
export async function listModels(manifestUrl: URL): Promise<Offer[]> {
  const manifest = await loadManifest(manifestUrl);
  const all = manifest.models.flatMap((model) =>
    Object.entries(model.variants).map(([name, variant]) => ({ model, name, variant })),
  );
  return Promise.all(all.map(({ model, name, variant }) => offer(manifest, manifestUrl, model, name, variant)));
}

async function offer(
  manifest: Manifest,
  url: URL,
  model: ModelEntry,
  name: string,
  { encoder, wasm, decoder }: Variant,
): Promise<Offer> {
  const where = (pair: Pick<Variant, "encoder" | "decoder">) =>
    Promise.all([pair.encoder, pair.decoder].map(({ file }) => keptWhere(new URL(file, url))));
  // One pair is enough: the one that this device runs.
  const usual = await where({ encoder, decoder });
  const kept = wasm && usual.includes(null) ? await where(wasm) : usual;
  return {
    model,
    variant: name,
    bytes: encoder.bytes + decoder.bytes,
    isDefault: model.id === manifest.default && name === model.default_variant,
    isInstant: model.id === instantOf(manifest) && name === model.default_variant,
    kept: kept.includes(null) ? null : kept.includes("ours") ? "ours" : "page",
  };
}

/** Deletes our copy of a model's files. */
export async function dropModel(manifestUrl: URL, { model, variant }: Offer): Promise<void> {
  for (const { file } of filesOf(model.variants[variant]!)) await dropFile(new URL(file, manifestUrl));
}
