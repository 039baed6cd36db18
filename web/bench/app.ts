/** The app's side: a `Segmenter`, as the page uses it. */
import { sampleMask, wholePhoto } from "../src/engine/core/mask";
import { Segmenter, type EncodedImage } from "../src/engine/segmenter";
import type { Runs, Side } from "./types";

/** @param instant The model that a first visit begins with, if that is not the manifest's default. */
export function appSide(manifest: string, instant?: string): Side {
  let segmenter: Segmenter;
  let following: Promise<Segmenter> | null = null;
  let image: EncodedImage | null = null;

  const open = (model?: string) => Segmenter.load(manifest, { model, providers: ["wasm-threads"] });

  const runs = ({ info: { provider, threads, model, variant } }: Segmenter, first: boolean): Runs => ({
    provider,
    threads,
    model: `${model.id} ${variant}`,
    instant: first,
  });

  return {
    async load() {
      segmenter = await open(instant);
      return runs(segmenter, instant !== undefined);
    },

    follow() {
      following ??= open();
    },

    async refine() {
      const precise = await (following ??= open());
      image?.release();
      image = null;
      segmenter.dispose();
      segmenter = precise;
      return runs(segmenter, false);
    },

    async encode(photo) {
      image?.release();
      image = await segmenter.encode(photo, { transfer: true });
    },

    async tap(x, y) {
      const photo = image!;
      const start = performance.now();
      const { masks, best } = await photo.segment({ points: [{ x, y, label: 1 }] });
      const answer = performance.now() - start;
      const { input_size: inputSize, mask_threshold: threshold } = segmenter.info.model;
      sampleMask(masks[best]!, photo, inputSize, wholePhoto({ width: photo.width, height: photo.height }), threshold);
      return { answer, mask: performance.now() - start };
    },
  };
}
