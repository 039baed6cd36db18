/** The engine's worker: holds one model on one provider, and the embeddings of the photos that it has seen. */
import { expose, transfer } from "comlink";
import { candidates } from "../../core/candidates";
import { PromptError, promptFeeds } from "../../core/feeds";
import { letterbox } from "../../core/geometry";
import type { LowResMask, Prompt } from "../../core/prompt";
import type { SavedEmbeddings } from "../embeddings";
import type { Outcome, Setup, WorkerApi } from "../protocol";
import type { Segmentation } from "../types";
import { outcome } from "./failure";
import { loadModel, type Embeddings, type Model } from "./model";
import { readPhoto } from "./photo";
import { openRuntime, Unsuitable } from "./runtime";
import { runSelfTest } from "./selfTest";

interface Encoded {
  readonly embeddings: Embeddings;
  readonly width: number;
  readonly height: number;
}

let model: Model;
let setup: Setup;
const photos = new Map<number, Encoded>();

const api: WorkerApi = {
  async start(given, onStage, onLost) {
    setup = given;
    try {
      onStage("compile");
      const runtime = await openRuntime(setup);
      void runtime.lost.then(onLost);
      model = await loadModel(runtime, setup);
      onStage("self-test");
      const { passed, reason } = await runSelfTest(model, setup.variant.self_test);
      return { outcome: passed ? "running" : "failed", reason: runtime.note ? `${reason} ${runtime.note}` : reason };
    } catch (error) {
      return { outcome: error instanceof Unsuitable ? "skipped" : "failed", reason: error instanceof Error ? error.message : String(error) };
    }
  },

  encode: (id, source) =>
    outcome(async () => {
      const { width, height } = source;
      const photo = readPhoto(source, setup.inputSize);
      photos.set(id, { embeddings: await model.encode(photo.rgb, photo.width, photo.height), width, height });
      return null;
    }),

  save: (id) => outcome(() => save(id)).then((answer) => (answer.ok ? transfer(answer, Object.values(answer.value.tensors).map(({ data }) => data.buffer)) : answer)),

  restore: (id, { width, height, tensors }) =>
    outcome(async () => {
      photos.set(id, { embeddings: model.restore(tensors), width, height });
      return null;
    }),

  segment: (id, prompt) => outcome(() => segment(id, prompt)).then(handOver),

  release(id) {
    photos.get(id)?.embeddings.dispose();
    photos.delete(id);
  },
};

function find(id: number): Encoded {
  const photo = photos.get(id);
  if (!photo) throw new PromptError("This photo was released.");
  return photo;
}

async function save(id: number): Promise<SavedEmbeddings> {
  const { embeddings, width, height } = find(id);
  return { width, height, tensors: await model.save(embeddings) };
}

async function segment(id: number, prompt: Prompt): Promise<Segmentation> {
  const photo = find(id);
  const gridSize = setup.inputSize / 4;
  const feeds = promptFeeds(prompt, letterbox(photo.width, photo.height, setup.inputSize), gridSize);
  const { ious, logits } = await model.decode(photo.embeddings, feeds);
  const { tokens, best } = candidates(ious, prompt);
  const area = gridSize ** 2;
  const masks = tokens.map((token): LowResMask => ({ logits: logits.slice(token * area, (token + 1) * area), size: gridSize }));
  return { masks, scores: tokens.map((token) => ious[token]!), tokens: [...tokens], best };
}

/** The grids move to the page instead of being copied. */
const handOver = (answer: Outcome<Segmentation>): Outcome<Segmentation> =>
  answer.ok ? transfer(answer, answer.value.masks.map((mask) => mask.logits.buffer as ArrayBuffer)) : answer;

expose(api);
