/**
 * The engine's public face: load a model once, encode a photo once, ask as often as you like.
 *
 *     const segmenter = await Segmenter.load("models/manifest.json");
 *     const image = await segmenter.encode(bitmap);
 *     const { masks, scores, best } = await image.segment({ points: [{ x: 120, y: 80, label: 1 }] });
 *     image.release();
 *
 * Every method rejects with an `EngineError`, whose `code` says what happened and whose `message` can be shown.
 */
import { transfer } from "comlink";
import {
  chooseVariant,
  filesOf,
  instantOf,
  runAs,
  type Manifest,
  type ModelEntry,
  type ModelFile,
  type Variant,
} from "./core/manifest";
import type { Prompt } from "./core/prompt";
import { findEverything, type EverythingCalls, type EverythingOptions } from "./everything";
import { ask } from "./ask";
import { copyBitmap, pixelsOf } from "./bitmap";
import { thisMachine } from "./connection";
import { misfit, type SavedEmbeddings } from "./embeddings";
import { EngineError } from "./errors";
import { asEngineError, loadManifest } from "./manifestSource";
import { forgetOthers, loadFile, type StoredFile } from "./modelStore";
import { ownVariant, readOwn } from "./ownModels";
import type { Memory, Outcome } from "./protocol";
import { aborted, RunQueue } from "./queue";
import { noThreads, startProvider, type Connection, type Machine, type Running } from "./start";
import { Timings } from "./timings";
import {
  providers as allProviders,
  type EngineInfo,
  type Everything,
  type Progress,
  type Provider,
  type SegmentKind,
  type Segmentation,
} from "./types";

export type { LowResMask, Prompt, PromptBox, PromptPoint, Region } from "./core/prompt";
export type { Manifest, ModelEntry, Variant } from "./core/manifest";
export { providers } from "./types";
export type { SavedEmbeddings, SavedTensor } from "./embeddings";
export { CloserImage, type Cut } from "./closer";
export { EngineError, type EngineErrorCode } from "./errors";
export { dropModel, listModels, type Offer } from "./library";
export { bringModel, listOwn, ownVariant, removeOwn, type Brought } from "./ownModels";
export type { Memory } from "./protocol";
export type { TimedKind, Timing } from "./timings";
export type { EverythingOptions } from "./everything";
export type {
  Attempt,
  EngineInfo,
  Everything,
  FoundMask,
  NoThreads,
  Progress,
  Provider,
  RuntimeInfo,
  SegmentKind,
  Segmentation,
} from "./types";

export interface LoadOptions {
  /** A model id of the manifest; its default otherwise. */
  model?: string;
  /** A variant of that model; its default otherwise. */
  variant?: string;
  /**
   * The small model that the manifest names to go before its default, where it names one and `model` asks for no other.
   * See `TieredSegmenter`.
   */
  instant?: boolean;
  /** Which providers to try, in order; all of them otherwise, or what `prefer` says. A lone one is insisted on: `["webgpu"]` accepts a software adapter. */
  providers?: readonly Provider[];
  /** Asked where `providers` says nothing, when it is known which model it is: the order in which to try them, if there is a better one. */
  prefer?(chosen: Pick<EngineInfo, "model" | "variant">): readonly Provider[] | undefined;
  onProgress?(progress: Progress): void;
  /** Called once when the running provider is gone (GPU lost, worker dead, no answer for minutes). Every later call rejects: load again. */
  onLost?(error: EngineError): void;
  signal?: AbortSignal;
}

export class Segmenter {
  private readonly queue = new RunQueue();
  private lastId = 0;

  private constructor(
    /** What runs where, and why. */
    readonly info: EngineInfo,
    private readonly connection: Connection,
    /** How long loading, reading photos and answering took. */
    readonly timings: Timings,
    private readonly bitmapsArrive: boolean,
    private readonly onLost?: (error: EngineError) => void,
  ) {}

  /**
   * Fetches the model (or finds it in a cache), starts it on the first provider that passes the self-test, and keeps it
   * running.
   *
   * @param manifestUrl Relative to the page.
   * @throws EngineError `manifest`, `download`, `damaged`, `no-provider` or `aborted`.
   */
  static load(manifestUrl: string | URL, options?: LoadOptions): Promise<Segmenter>;
  /** @internal Tests bring a machine of their own; the package's types leave it out. */
  static load(manifestUrl: string | URL, options?: LoadOptions, machine?: Machine): Promise<Segmenter>;
  static async load(
    manifestUrl: string | URL,
    options: LoadOptions = {},
    machine: Machine = thisMachine,
  ): Promise<Segmenter> {
    const begin = performance.now();
    const url = new URL(manifestUrl, location.href);
    const manifest = await loadManifest(url, options.signal);
    const instant =
      options.instant && options.model === undefined && options.variant === undefined ? instantOf(manifest) : null;
    const { model, name, variant } = asEngineError(() =>
      chooseVariant(manifest, instant ?? options.model, options.variant),
    );
    void forgetOthers([url.href, ...addresses(manifest, url)]).catch(() => undefined);
    const files = (provider: Provider) => {
      const { encoder, decoder } = runAs(variant, provider);
      return loadFiles([encoder, decoder], url, options);
    };
    return Segmenter.start(
      { model, name, variant, files, finer: instant && manifest.default },
      begin,
      options,
      machine,
    );
  }

  /**
   * Starts a model that the user brought, as `bringModel` in ownModels.ts kept it.
   *
   * @throws EngineError `manifest`, `damaged`, `no-provider` or `aborted`.
   */
  static loadOwn(id: string, options?: Omit<LoadOptions, "model" | "variant">): Promise<Segmenter>;
  /** @internal Tests bring a machine of their own; the package's types leave it out. */
  static loadOwn(id: string, options?: Omit<LoadOptions, "model" | "variant">, machine?: Machine): Promise<Segmenter>;
  static async loadOwn(
    id: string,
    options: Omit<LoadOptions, "model" | "variant"> = {},
    machine: Machine = thisMachine,
  ): Promise<Segmenter> {
    const begin = performance.now();
    const { model, encoder, decoder, kept } = await readOwn(id);
    const files = [encoder, decoder].map((bytes): StoredFile => ({ bytes, cached: kept, verified: true }));
    return Segmenter.start(
      { model, name: ownVariant, variant: model.variants[ownVariant]!, files: async () => files, finer: null },
      begin,
      options,
      machine,
    );
  }

  private static async start(
    { model, name, variant, files, finer }: Files,
    begin: number,
    options: LoadOptions,
    machine: Machine,
  ): Promise<Segmenter> {
    let segmenter: Segmenter | null = null;
    let fetching = performance.now() - begin; // milliseconds, the manifest too
    let kept: { of: string; files: readonly StoredFile[] } | null = null;
    const fetched = async (provider: Provider): Promise<readonly StoredFile[]> => {
      const of = runAs(variant, provider).encoder.file;
      const since = performance.now();
      if (kept?.of !== of) kept = { of, files: await files(provider) };
      fetching += performance.now() - since;
      return kept.files;
    };
    const running = await startProvider(machine, {
      providers: options.providers ?? options.prefer?.({ model, variant: name }) ?? allProviders,
      setup: {
        inputSize: model.input_size,
        threshold: model.mask_threshold,
        variant,
      },
      graphs: async (provider) => {
        const [encoder, decoder] = await fetched(provider);
        return { encoder: encoder!.bytes, decoder: decoder!.bytes };
      },
      onStage: (stage, provider) => options.onProgress?.({ stage, provider }),
      onLost: (message) => segmenter?.lose(message),
      signal: options.signal,
    });
    const timings = new Timings({ files: fetching, start: performance.now() - begin - fetching });
    segmenter = new Segmenter(
      describe(running, await fetched(running.provider), {
        model,
        variant: name,
        finer,
        noThreads: noThreads(machine),
      }),
      running.connection,
      timings,
      running.bitmapsArrive,
      options.onLost,
    );
    void running.connection.died.then((message) => segmenter?.lose(message));
    return segmenter;
  }

  /**
   * Runs the encoder, once per photo.
   *
   * @param source The upright photo. It stays the caller's, a copy goes to the worker – unless `transfer` hands an `ImageBitmap` over
   *   (it is then closed here), which spares a large photo that copy. `behind` lets taps and hovers go first: for a part of a photo that
   *   is answered about already.
   * @throws EngineError `out-of-memory`, `provider-lost`, `bad-input` or `aborted`. `bad-input` too where `transfer` hands over a bitmap that
   *   is wholly transparent, or whose pixels the browser loses on the way: without `transfer` they are sent in another way.
   */
  async encode(
    source: ImageBitmap | ImageData,
    options: { signal?: AbortSignal; transfer?: boolean; behind?: boolean } = {},
  ): Promise<EncodedImage> {
    const { width, height } = source;
    if (!width || !height) throw new EngineError("bad-input", "The picture has no pixels.");
    const id = ++this.lastId;
    const work = async () => {
      performance.mark(options.behind ? "tapmask:look-again" : "tapmask:encode");
      await this.timings.measure("encode", () => this.hand(id, source, options.transfer === true));
      // Nobody will ask about it, or release it.
      if (options.signal?.aborted) void this.connection.api.release(id);
    };
    await this.queue.run(options.behind ? "look" : "encode", work, { signal: options.signal });
    return this.image(id, width, height);
  }

  /**
   * Takes what `EncodedImage.save` gave in the place of encoding the photo again: with the same model, perhaps in
   * another page or on another provider.
   *
   * @param saved May come from anywhere: its names and sizes are checked, its numbers cannot be.
   * @throws EngineError `bad-input` when it does not fit the model; `out-of-memory`, `provider-lost` or `aborted`.
   */
  async restore(saved: SavedEmbeddings): Promise<EncodedImage> {
    const { model, variant } = this.info;
    const wrong = misfit(saved, model.variants[variant]!.encoder.outputs);
    if (wrong) throw new EngineError("bad-input", `These embeddings do not fit the model. ${wrong}`);
    const id = ++this.lastId;
    await this.queue.run("encode", async () => unwrap(await this.call((api) => api.restore(id, saved))));
    return this.image(id, saved.width, saved.height);
  }

  /** What the model holds now. @throws EngineError `provider-lost` */
  async memory(): Promise<Memory> {
    return unwrap(await this.call((api) => api.memory()));
  }

  /** Stops the worker and frees all it holds. What waits rejects with `aborted`. */
  dispose(): void {
    this.queue.close(aborted("The segmenter was disposed."));
    this.connection.terminate();
  }

  private image(id: number, width: number, height: number): EncodedImage {
    const inTheBackground = <T>(call: (api: Connection["api"]) => Promise<Outcome<T>>, signal?: AbortSignal) =>
      this.queue.run("everything", async () => unwrap(await this.call(call)), { signal });
    return new EncodedImage(width, height, {
      segment: (prompt, kind, signal) =>
        this.queue.run(
          kind,
          () => this.timings.measure("decode", async () => unwrap(await this.call((api) => api.segment(id, prompt)))),
          { key: id, signal },
        ),
      timings: this.timings,
      everything: {
        spot: (places, settings, signal) => inTheBackground((api) => api.spot(id, places, settings), signal),
        explore: (spotted, tapped, settings, signal) =>
          inTheBackground((api) => api.explore(spotted, tapped, settings), signal),
        select: (spotted, bars, enough, boxNmsThresh, signal) =>
          inTheBackground((api) => api.select(spotted, bars, enough, boxNmsThresh), signal),
        answer: (taps, signal) => inTheBackground((api) => api.answer(id, taps), signal),
      },
      save: () => this.queue.run("save", async () => unwrap(await this.call((api) => api.save(id)))),
      release: () => void this.connection.api.release(id),
    });
  }

  /** Sends a picture to the encoder: as a bitmap where that arrives with its pixels, as pixels otherwise. */
  private async hand(id: number, source: ImageBitmap | ImageData, handOver: boolean): Promise<void> {
    const send = async (picture: ImageBitmap | ImageData) => unwrap(await this.call((api) => api.encode(id, picture)));
    if (!(source instanceof ImageBitmap)) return void (await send(source));
    if (this.bitmapsArrive) {
      const bitmap = handOver ? source : await copyBitmap(source);
      if ((await send(transfer(bitmap, [bitmap]))) === "read") return;
      if (handOver)
        throw new EngineError(
          "bad-input",
          "The picture arrived without its pixels, or is wholly transparent. Encode it without `transfer`.",
        );
    }
    const pixels = pixelsOf(source);
    if (handOver) source.close();
    await send(transfer(pixels, [pixels.data.buffer]));
  }

  private call<T>(call: (api: Connection["api"]) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return ask(this.connection, call, (message) => this.lose(message));
  }

  private lose(message: string): void {
    const error = new EngineError("provider-lost", message);
    if (!this.queue.close(error)) return;
    this.connection.terminate();
    this.onLost?.(error);
  }
}

/** A model with its files in memory. */
interface Files {
  readonly model: ModelEntry;
  readonly name: string;
  readonly variant: Variant;
  /** The encoder and the decoder that a provider runs. */
  readonly files: (provider: Provider) => Promise<readonly StoredFile[]>;
  readonly finer: string | null;
}

/** What an `EncodedImage` asks of its segmenter. */
interface Backing {
  segment(prompt: Prompt, kind: SegmentKind, signal?: AbortSignal): Promise<Segmentation>;
  save(): Promise<SavedEmbeddings>;
  readonly everything: EverythingCalls;
  readonly timings: Timings;
  release(): void;
}

/** A photo that the model has seen. Its embeddings stay in the worker until `release`. */
export class EncodedImage {
  private released = false;

  /** @internal Made by `Segmenter.encode`. */
  constructor(
    /** Pixels of the photo. */
    readonly width: number,
    readonly height: number,
    private readonly backing: Backing,
  ) {}

  /**
   * Runs the decoder. A newer call of the same kind replaces one that still waits, which rejects with `aborted`; a
   * hover waits for every tap.
   *
   * @param prompt At least one point or a box, in image pixels.
   * @throws EngineError `bad-input`, `aborted`, `out-of-memory` or `provider-lost`.
   */
  async segment(prompt: Prompt, options: { kind?: SegmentKind; signal?: AbortSignal } = {}): Promise<Segmentation> {
    if (this.released) throw new EngineError("bad-input", "This photo was released.");
    if (!prompt.points.length && !prompt.box) throw new EngineError("bad-input", "A prompt needs a point or a box.");
    return this.backing.segment(prompt, options.kind ?? "tap", options.signal);
  }

  /**
   * A copy of the embeddings, to go on with later: see `Segmenter.restore`. Waits for every other call.
   *
   * @throws EngineError `bad-input` after the release or when they are not float32; `aborted`, `out-of-memory` or
   *   `provider-lost`.
   */
  async save(): Promise<SavedEmbeddings> {
    if (this.released) throw new EngineError("bad-input", "This photo was released.");
    return this.backing.save();
  }

  /**
   * Finds all masks: taps all over the photo, the good answers kept, duplicates dropped; by the rules of
   * segment-anything's SamAutomaticMaskGenerator, whose options these are, but for few taps of its grid: `mostTaps`. It
   * runs in small pieces: taps and hovers go before the next one.
   *
   * @throws EngineError `aborted` (within one piece), `bad-input`, `out-of-memory` or `provider-lost`.
   */
  async everything(options: EverythingOptions = {}): Promise<Everything> {
    if (this.released) throw new EngineError("bad-input", "This photo was released.");
    return this.backing.timings.measure("everything", () => findEverything(this.backing.everything, this, options));
  }

  /** Frees the embeddings. Call it when another photo takes this one's place. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.backing.release();
  }
}

/** One after the other, with progress over the sum of their bytes. */
async function loadFiles(
  files: readonly ModelFile[],
  manifestUrl: URL,
  { onProgress, signal }: LoadOptions,
): Promise<Awaited<ReturnType<typeof loadFile>>[]> {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const loaded = [];
  let before = 0;
  for (const file of files) {
    const onBytes = (bytes: number) =>
      onProgress?.({ stage: "download", file: file.file, loaded: before + bytes, total });
    onBytes(0);
    loaded.push(await loadFile(file, new URL(file.file, manifestUrl), { onBytes, signal }));
    before += file.bytes;
  }
  return loaded;
}

const addresses = (manifest: Manifest, url: URL): string[] =>
  manifest.models.flatMap((model) =>
    Object.values(model.variants).flatMap((variant) => filesOf(variant).map(({ file }) => new URL(file, url).href)),
  );

const describe = (
  { provider, threads, runtime, tried }: Running,
  files: readonly { cached: boolean; verified: boolean }[],
  chosen: Pick<EngineInfo, "model" | "variant" | "finer" | "noThreads">,
): EngineInfo => ({
  ...chosen,
  provider,
  threads,
  runtime,
  tried,
  cached: files.every((file) => file.cached),
  verified: files.every((file) => file.verified),
});

function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new EngineError(outcome.code, outcome.message);
}
