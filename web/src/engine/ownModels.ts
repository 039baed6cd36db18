/**
 * Models that the user brought: two ONNX files each, tried out in a worker of their own, then kept in a cache of this
 * origin. Where there is no storage, they stay until the page is closed.
 */
import { transfer } from "comlink";
import { ask } from "./ask";
import type { ModelEntry, ModelFile, TensorSpec } from "./core/manifest";
import type { Graph } from "./core/pair";
import { thisMachine } from "./connection";
import { EngineError } from "./errors";
import { isGenuine } from "./modelStore";
import type { Inspection } from "./protocol";
import type { Machine } from "./start";

const cacheName = "tapmask-own-models";
/** The only variant of such a model. */
export const ownVariant = "own";

/** What a try-out ended with. */
export type Brought =
  | { result: "added"; model: ModelEntry; /** False: it stays until the page is closed. */ kept: boolean }
  | Exclude<Inspection, { result: "runs" }>;

/** For this visit, where nothing can be kept. */
const inMemory = new Map<string, { model: ModelEntry; files: readonly [Blob, Blob] }>();

/**
 * Tries two files out, in any order, and keeps them when they run.
 *
 * @param size The model's input size, asked for when the first try said `size-unknown`.
 * @throws EngineError `out-of-memory` or `provider-lost` when the trial itself broke.
 */
export function bringModel(files: readonly [File, File], size?: number | null): Promise<Brought>;
/** @internal Tests bring a machine of their own. */
export function bringModel(files: readonly [File, File], size?: number | null, machine?: Machine): Promise<Brought>;
export async function bringModel(
  files: readonly [File, File],
  size: number | null = null,
  machine: Machine = thisMachine,
): Promise<Brought> {
  const buffers = await Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
  const sums = await Promise.all(buffers.map(sha256));
  const inspection = await tryOut(files, buffers, size, machine);
  if (inspection.result !== "runs") return inspection;

  const order = inspection.swapped ? [1, 0] : [0, 1];
  const [encoder, decoder] = order.map((i) => files[i]!) as [File, File];
  const describe = (part: string, i: number, { inputs, outputs }: Graph): ModelFile => {
    const sum = sums[order[i]!]!;
    return {
      file: `own-${part}.${sum.slice(0, 8)}.onnx`,
      bytes: files[order[i]!]!.size,
      sha256: sum,
      inputs: [...inputs] as TensorSpec[],
      outputs: [...outputs] as TensorSpec[],
    };
  };
  const model: ModelEntry = {
    id: `own-${sums[order[0]!]!.slice(0, 8)}-${sums[order[1]!]!.slice(0, 8)}`,
    title: titleOf(encoder.name, decoder.name),
    licence: "",
    source: `${encoder.name}, ${decoder.name}`,
    input_size: inspection.inputSize,
    normalisation: "in-graph",
    mask_threshold: 0,
    default_variant: ownVariant,
    variants: {
      [ownVariant]: {
        opset: 0,
        providers: ["webgpu", "wasm"],
        encoder: describe("encoder", 0, inspection.encoder),
        decoder: describe("decoder", 1, inspection.decoder),
        quality: {},
        self_test: inspection.selfTest,
      },
    },
  };
  return { result: "added", model, kept: await keep(model, [encoder, decoder]) };
}

async function tryOut(
  files: readonly [File, File],
  [first, second]: readonly Uint8Array<ArrayBuffer>[],
  size: number | null,
  machine: Machine,
): Promise<Inspection> {
  const connection = machine.connect();
  try {
    const pair = [
      { name: files[0].name, bytes: first! },
      { name: files[1].name, bytes: second! },
    ] as const;
    const outcome = await ask(connection, (api) => api.inspect(transfer(pair, [first!.buffer, second!.buffer]), size));
    if (!outcome.ok) throw new EngineError(outcome.code, outcome.message);
    return outcome.value;
  } finally {
    connection.terminate();
  }
}

/** The models that were brought, the latest last. */
export async function listOwn(): Promise<ModelEntry[]> {
  const cache = await openCache();
  const abouts = (await cache?.keys())?.filter(({ url }) => url.endsWith("/about.json")) ?? [];
  const kept = await Promise.all(
    abouts.map(async (request) => (await (await cache!.match(request.url))!.json()) as ModelEntry),
  );
  return [...kept, ...[...inMemory.values()].map(({ model }) => model)];
}

export interface OwnModel {
  readonly model: ModelEntry;
  readonly encoder: Uint8Array<ArrayBuffer>;
  readonly decoder: Uint8Array<ArrayBuffer>;
  /** Will it be there next time? */
  readonly kept: boolean;
}

/** @throws EngineError `manifest` when there is no such model, `damaged` when its files are not what they were. */
export async function readOwn(id: string): Promise<OwnModel> {
  const memory = inMemory.get(id);
  const cache = memory ? null : await openCache();
  const about = await cache?.match(address(id, "about.json"));
  const model = memory?.model ?? (about && ((await about.json()) as ModelEntry));
  if (!model) throw new EngineError("manifest", "The model of your own is not on this device any more.");
  const { encoder, decoder } = model.variants[ownVariant]!;
  const read = async (part: "encoder" | "decoder", index: 0 | 1, file: ModelFile) => {
    const source = memory ? memory.files[index] : await cache!.match(address(id, `${part}.onnx`));
    const bytes = new Uint8Array((await source?.arrayBuffer()) ?? new ArrayBuffer(0));
    if (!(await isGenuine(bytes, file)))
      throw new EngineError(
        "damaged",
        `The ${part} of your own model is damaged. Remove the model and choose its files again.`,
      );
    return bytes;
  };
  return {
    model,
    encoder: await read("encoder", 0, encoder),
    decoder: await read("decoder", 1, decoder),
    kept: !memory,
  };
}

export async function removeOwn(id: string): Promise<void> {
  inMemory.delete(id);
  const cache = await openCache();
  for (const name of ["about.json", "encoder.onnx", "decoder.onnx"]) await cache?.delete(address(id, name));
}

async function keep(model: ModelEntry, files: readonly [File, File]): Promise<boolean> {
  const cache = await openCache();
  try {
    if (!cache) throw new Error("There is no storage.");
    await cache.put(address(model.id, "encoder.onnx"), new Response(files[0]));
    await cache.put(address(model.id, "decoder.onnx"), new Response(files[1]));
    // Last: what is listed is there as a whole.
    await cache.put(
      address(model.id, "about.json"),
      new Response(JSON.stringify(model), { headers: { "Content-Type": "application/json" } }),
    );
    return true;
  } catch {
    await removeOwn(model.id);
    inMemory.set(model.id, { model, files });
    return false;
  }
}

/** No such page exists: it is the name of an entry in the cache. */
const address = (id: string, name: string): string => new URL(`own-models/${id}/${name}`, document.baseURI).href;

const openCache = (): Promise<Cache | null> =>
  "caches" in globalThis ? caches.open(cacheName).catch(() => null) : Promise.resolve(null);

/** What the two names share: "mobile_sam.encoder.onnx" and "mobile_sam.decoder.onnx" are "mobile_sam". */
function titleOf(encoder: string, decoder: string): string {
  let length = 0;
  while (length < Math.min(encoder.length, decoder.length) && encoder[length] === decoder[length]) length++;
  const shared = encoder.slice(0, length).replace(/[\s._-]+$/, "");
  return shared.length > 2 ? shared : encoder.replace(/\.onnx$/i, "");
}

/** Without a secure context there is no sha256: the size and the time tell files apart. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto?.subtle)
    return `${(Date.now() % 2 ** 32).toString(16).padStart(8, "0")}${bytes.length.toString(16)}`.padEnd(64, "0");
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
