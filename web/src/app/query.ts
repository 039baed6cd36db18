/** What the address asks for: `?provider=`, `?model=`, `?variant=`, `?manifest=`, `?tiers=`, `?finish=raw`, `?look=once`. */
import type { Provider } from "../engine/segmenter";
import type { EngineChoice } from "../state/engine";
import { isTierChoice, type TierChoice } from "../state/tierChoice";

const providers: readonly string[] = ["webgpu", "wasm-threads", "wasm"] satisfies Provider[];

export interface Query {
  readonly choice: EngineChoice;
  /** The address named a manifest of another site, which is not loaded. */
  readonly foreignManifest: boolean;
  /** One model or two, for this visit. */
  readonly tiers?: TierChoice;
  /** Masks as the model gives them, until somebody wants them post-processed. */
  readonly rawMasks: boolean;
  /** Neither small things nor what was zoomed in on are looked at again. */
  readonly looksOnce: boolean;
}

/** @param base What the built-in manifest's address is relative to. */
export function readQuery(address: URL, base: string): Query {
  const text = (name: string) => address.searchParams.get(name) || undefined;
  const provider = text("provider");
  const wanted = text("manifest");
  const wantedTiers = text("tiers");
  const builtIn = new URL("models/manifest.json", base);
  const manifest = wanted && URL.canParse(wanted, base) ? new URL(wanted, base) : builtIn;
  const foreignManifest = manifest.origin !== builtIn.origin;
  return {
    choice: {
      manifest: foreignManifest ? builtIn : manifest,
      model: text("model"),
      variant: text("variant"),
      providers: provider && providers.includes(provider) ? [provider as Provider] : undefined,
    },
    foreignManifest,
    tiers: isTierChoice(wantedTiers) ? wantedTiers : undefined,
    rawMasks: text("finish") === "raw",
    looksOnce: text("look") === "once",
  };
}
