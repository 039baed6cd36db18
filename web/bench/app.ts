/** The app's side: a `Segmenter`, as the page uses it. */
import { sampleMask, wholePhoto } from "../src/engine/core/mask";
import { Segmenter, type EncodedImage } from "../src/engine/segmenter";
import type { Side } from "./types";

export function appSide(manifest: string): Side {
  let segmenter: Segmenter;
  let image: EncodedImage | null = null;
  return {
    async load() {
      segmenter = await Segmenter.load(manifest, { providers: ["wasm-threads"] });
      const { provider, threads, model, variant } = segmenter.info;
      return { provider, threads, model: `${model.id} ${variant}` };
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
