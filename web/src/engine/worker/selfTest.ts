/** Runs the manifest's self-test: a known picture, a known tap, the answer PyTorch gave. */
import { modelFeeds } from "../core/feeds";
import type { SelfTest } from "../core/manifest";
import { compareSelfTest, selfTestPicture, type Verdict } from "../core/selftest";
import type { Model } from "./model";

export async function runSelfTest(model: Model, test: SelfTest): Promise<Verdict> {
  const embeddings = await model.encode(selfTestPicture(test.width, test.height), test.width, test.height);
  const { ious, logits } = await model.decode(embeddings, modelFeeds(test.point_coords, test.point_labels, model.gridSize));
  embeddings.dispose();
  return compareSelfTest(test, ious, logits);
}
