/** The app's side: a `Segmenter`, as the page uses it. */
import { sampleMask, wholePhoto } from "../src/engine/core/mask";
import { Segmenter, type EncodedImage } from "../src/engine/segmenter";
import type { Runs, Side } from "./types";

/** @param instant The model that a first visit begins with, if that is not the manifest's default. */
export function appSide(manifest: string, instant?: string): Side {
  let segmenter: Segmenter;
  let image: EncodedImage | null = null;

  async function run(model?: string): Promise<Runs> {
    segmenter = await Segmenter.load(manifest, { model, providers: ["wasm-threads"] });
    const { provider, threads, model: entry, variant } = segmenter.info;
    return { provider, threads, model: `${entry.id} ${variant}`, instant: model !== undefined };
  }

  return {
    load: () => run(instant),

    async refine() {
      const small = segmenter;
      const runs = await run();
      image?.release();
      image = null;
      small.dispose();
      return runs;
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
