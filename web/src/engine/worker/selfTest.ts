/** Runs the manifest's self-test: a known picture, a known tap, the answer PyTorch gave. */
import { modelFeeds } from "../core/feeds";
import type { SelfTest } from "../core/manifest";
import { compareSelfTest, selfTestPicture, type Verdict } from "../core/selftest";
import type { Model } from "./model";
import { readPhoto } from "./photo";

/**
 * How far the pixels of a bitmap may be off, on average: canvases of some browsers add noise against fingerprinting.
 */
const mostOff = 8;

export async function runSelfTest(model: Model, test: SelfTest): Promise<Verdict> {
  const embeddings = await model.encode(selfTestPicture(test.width, test.height), test.width, test.height);
  const { ious, logits } = await model.decode(
    embeddings,
    modelFeeds(test.point_coords, test.point_labels, model.gridSize),
  );
  embeddings.dispose();
  return compareSelfTest(test, ious, logits);
}

/** Does the self-test's picture reach the worker as a bitmap, too? Consumes `probe`. */
export function arrives(probe: ImageBitmap, { width, height }: SelfTest): boolean {
  const expected = selfTestPicture(width, height);
  try {
    const { rgb } = readPhoto(probe, Math.max(width, height));
    return expected.reduce((sum, value, i) => sum + Math.abs(value - rgb[i]!), 0) <= mostOff * expected.length;
  } catch {
    return false;
  }
}
