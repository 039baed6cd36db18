/** The engine's worker: holds one model on one provider, and the embeddings of the photos that it has seen. */
import { memoryUse } from "./heap";
import { expose, transfer } from "comlink";
import { candidates } from "../core/candidates";
import { judge, lead, select, type EverythingSettings, type Spotted } from "../core/everything";
import { lonePointFeeds, PromptError, promptFeeds } from "../core/feeds";
import { letterbox, type Point } from "../core/geometry";
import { cellsWithin } from "../core/grid";
import { moved } from "../core/lookAgain";
import { furtherPlaces, placePoint } from "../core/places";
import type { LowResMask, Prompt } from "../core/prompt";
import type { SavedEmbeddings } from "../embeddings";
import type { Outcome, Setup, WorkerApi } from "../protocol";
import type { Segmentation } from "../types";
import { outcome } from "./failure";
import { inspect } from "./inspect";
import { loadModel, type Answer, type Embeddings, type Model } from "./model";
import { readPhoto } from "./photo";
import { openRuntime, Unsuitable } from "./runtime";
import { arrives, runSelfTest } from "./selfTest";

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
      const bitmapsFail = setup.probe !== null && !arrives(setup.probe, setup.variant.self_test);
      const notes = [
        reason,
        runtime.note,
        bitmapsFail && "Bitmaps arrive without their pixels here, so photos are sent in another way.",
      ];
      return {
        outcome: passed ? "running" : "failed",
        reason: notes.filter(Boolean).join(" "),
        runtime: runtime.info,
        bitmapsFail,
      };
    } catch (error) {
      return {
        outcome: error instanceof Unsuitable ? "skipped" : "failed",
        reason: error instanceof Error ? error.message : String(error),
      };
    }
  },

  encode: (id, source) =>
    outcome(async () => {
      const { width, height } = source;
      const photo = readPhoto(source, setup.inputSize);
      if (photo.blank) return "blank";
      photos.set(id, { embeddings: await model.encode(photo.rgb, photo.width, photo.height), width, height });
      return "read";
    }),

  save: (id) =>
    outcome(() => save(id)).then((answer) =>
      answer.ok
        ? transfer(
            answer,
            Object.values(answer.value.tensors).map(({ data }) => data.buffer),
          )
        : answer,
    ),

  restore: (id, { width, height, tensors }) =>
    outcome(async () => {
      photos.set(id, { embeddings: model.restore(tensors), width, height });
      return null;
    }),

  segment: (id, prompt) =>
    outcome(() => segment(id, prompt)).then((answer) => handOver(answer, answer.ok ? [answer.value] : [])),
  spot: (id, places, settings) => outcome(() => spot(id, places, settings)),
  explore: (spotted, tapped, { pointsPerSide, mostTaps, boxNmsThresh }) =>
    outcome(async () => {
      const leads = select(spotted, [lead], 0, boxNmsThresh).kept;
      const held = leads.map((mask) => mask.held);
      return furtherPlaces(held, tapped, pointsPerSide, mostTaps - tapped.length);
    }),
  select: (spotted, bars, enough, boxNmsThresh) => outcome(async () => select(spotted, bars, enough, boxNmsThresh)),
  answer: (id, taps) =>
    outcome(() => answerTaps(id, taps)).then((answer) => handOver(answer, answer.ok ? answer.value : [])),

  release(id) {
    photos.get(id)?.embeddings.dispose();
    photos.delete(id);
  },

  inspect: (files, size) => outcome(() => inspect(files, size)),
  memory: () => outcome(async () => memoryUse()),
};

async function save(id: number): Promise<SavedEmbeddings> {
  const { embeddings, width, height } = find(id);
  return { width, height, tensors: await model.save(embeddings) };
}

async function segment(id: number, prompt: Prompt): Promise<Segmentation> {
  const photo = find(id);
  const { mask } = prompt;
  const onFrame = mask?.region ? { ...prompt, mask: moved(mask, null, photo, setup.inputSize) } : prompt;
  const feeds = promptFeeds(onFrame, letterbox(photo.width, photo.height, setup.inputSize), model.gridSize);
  return offer(await model.decode(photo.embeddings, feeds), prompt);
}

async function spot(id: number, places: readonly number[], settings: EverythingSettings): Promise<Spotted[]> {
  const { width, height } = find(id);
  const { newWidth, newHeight } = letterbox(width, height, setup.inputSize);
  const cells = { stride: model.gridSize, columns: cellsWithin(newWidth), rows: cellsWithin(newHeight) };
  const taps = places.map((place) => placePoint(place, settings.pointsPerSide, { width, height }));
  const answers = await decodeTaps(id, taps);
  return answers.flatMap(({ ious, logits }, index) =>
    judge(places[index]!, ious, logits, cells, setup.threshold, settings),
  );
}

async function answerTaps(id: number, taps: readonly Point[]): Promise<Segmentation[]> {
  const answers = await decodeTaps(id, taps);
  return answers.map((answer, index) => offer(answer, { points: [{ ...taps[index]!, label: 1 }] }));
}

/** The answer to each of several lone points, in as few runs as the decoder allows. */
async function decodeTaps(id: number, taps: readonly Point[]): Promise<Answer[]> {
  const photo = find(id);
  const box = letterbox(photo.width, photo.height, setup.inputSize);
  const answers: Answer[] = [];
  for (let start = 0; start < taps.length; start += model.mostPrompts) {
    const part = taps.slice(start, start + model.mostPrompts);
    const { ious, logits } = await model.decode(photo.embeddings, lonePointFeeds(part, box, model.gridSize));
    const [masks, values] = [ious.length / part.length, logits.length / part.length];
    for (let i = 0; i < part.length; i++)
      answers.push({
        ious: ious.subarray(i * masks, (i + 1) * masks),
        logits: logits.subarray(i * values, (i + 1) * values),
      });
  }
  return answers;
}

/** Three of the four masks, the best guess marked. */
function offer({ ious, logits }: Answer, prompt: Prompt): Segmentation {
  const { tokens, best } = candidates(ious, prompt);
  const size = model.gridSize;
  const masks = tokens.map((token): LowResMask => ({
    logits: logits.slice(token * size ** 2, (token + 1) * size ** 2),
    size,
  }));
  return { masks, scores: tokens.map((token) => ious[token]!), tokens: [...tokens], best };
}

function find(id: number): Encoded {
  const photo = photos.get(id);
  if (!photo) throw new PromptError("This photo was released.");
  return photo;
}

/** The grids move to the page instead of being copied. */
const handOver = <T>(answer: Outcome<T>, segmentations: readonly Segmentation[]): Outcome<T> =>
  transfer(
    answer,
    segmentations.flatMap(({ masks }) => masks.map(({ logits }) => logits.buffer as ArrayBuffer)),
  );

expose(api);
