/**
 * Two models, one answer: a small model answers at once, and the manifest's default one as soon as it has read the
 * photo, too.
 *
 *     const segmenter = await TieredSegmenter.load("models/manifest.json");
 *     const image = await segmenter.encode(bitmap);
 *     show(await image.segment(prompt));                            // by the instant model
 *     if (await image.precise) show(await image.segment(prompt));   // by the default one
 *
 * Each model has a worker of its own, so neither waits for the other. Where the second one cannot be had, the first one
 * goes on.
 */
import { copyBitmap } from "./bitmap";
import type { ModelEntry } from "./core/manifest";
import type { Prompt } from "./core/prompt";
import { EngineError } from "./errors";
import { Segmenter, type EncodedImage, type LoadOptions } from "./segmenter";
import type { Machine } from "./start";
import type { SegmentKind, Segmentation } from "./types";

export interface TieredOptions extends Omit<LoadOptions, "model" | "variant" | "instant"> {
  /** The precise model could not be had, was lost, or could not read a photo. The instant one goes on. */
  onProblem?(error: unknown): void;
}

/** An answer, and the model whose frame its masks are in. */
export interface TieredSegmentation extends Segmentation {
  model: ModelEntry;
}

export class TieredSegmenter {
  private constructor(
    /** What is ready: the instant model, or the only one. */
    readonly fast: Segmenter,
    /** Settles when the default model is ready, too. Null: there is one model only, or it could not be had. */
    readonly precise: Promise<Segmenter | null>,
    private readonly stopped: AbortController,
    private readonly onProblem?: (error: unknown) => void,
  ) {}

  /**
   * Is ready with the manifest's instant model; the default one follows. A manifest without an instant model gives its
   * default alone.
   *
   * @param options `onProgress` is about the first model, `onLost` too.
   * @throws EngineError as `Segmenter.load` does, about the first model.
   */
  static load(manifestUrl: string | URL, options?: TieredOptions): Promise<TieredSegmenter>;
  /** @internal Tests bring a machine of their own; the package's types leave it out. */
  static load(manifestUrl: string | URL, options?: TieredOptions, machine?: Machine): Promise<TieredSegmenter>;
  static async load(
    manifestUrl: string | URL,
    { onProblem, ...options }: TieredOptions = {},
    machine?: Machine,
  ): Promise<TieredSegmenter> {
    const fast = await Segmenter.load(manifestUrl, { ...options, instant: true }, machine);
    const stopped = new AbortController();
    const { finer } = fast.info;
    const follow = async (model: string): Promise<Segmenter | null> => {
      try {
        return await Segmenter.load(
          manifestUrl,
          { model, providers: options.providers, signal: stopped.signal, onLost: onProblem },
          machine,
        );
      } catch (error) {
        if (!stopped.signal.aborted) onProblem?.(error);
        return null;
      }
    };
    return new TieredSegmenter(fast, finer === null ? Promise.resolve(null) : follow(finer), stopped, onProblem);
  }

  /**
   * Settles when the fast model has read the photo; the precise one reads it behind that.
   *
   * @param source The upright photo. It stays the caller's; a copy of it is kept until both have read it.
   * @throws EngineError as `Segmenter.encode` does, about the fast model.
   */
  async encode(source: ImageBitmap | ImageData, { signal }: { signal?: AbortSignal } = {}): Promise<TieredImage> {
    const copy =
      source instanceof ImageBitmap
        ? await copyBitmap(source)
        : new ImageData(source.data.slice(), source.width, source.height);
    const close = () => copy instanceof ImageBitmap && copy.close();
    try {
      const fast = await this.fast.encode(source, { signal });
      const precise = this.precise.then((segmenter) => segmenter && this.look(segmenter, copy, signal)).finally(close);
      return new TieredImage(fast, this.fast.info.model, precise, this.onProblem);
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Stops both workers. */
  dispose(): void {
    this.stopped.abort();
    this.fast.dispose();
    void this.precise.then((segmenter) => segmenter?.dispose());
  }

  private async look(segmenter: Segmenter, copy: ImageBitmap | ImageData, signal?: AbortSignal): Promise<Eye | null> {
    try {
      return { image: await segmenter.encode(copy, { signal }), model: segmenter.info.model };
    } catch (error) {
      if (!isAborted(error)) this.onProblem?.(error);
      return null;
    }
  }
}

/** A photo that a model has read. */
interface Eye {
  readonly image: EncodedImage;
  readonly model: ModelEntry;
}

/** A photo that the fast model has read, and the precise one soon. */
export class TieredImage {
  /** Settles when answers come from the precise model. False: they stay with the fast one. */
  readonly precise: Promise<boolean>;
  private finer: Eye | null = null;
  private released = false;

  /** @internal Made by `TieredSegmenter.encode`. */
  constructor(
    private readonly fast: EncodedImage,
    private readonly model: ModelEntry,
    precise: Promise<Eye | null>,
    private readonly onProblem?: (error: unknown) => void,
  ) {
    this.precise = precise.then((eye) => {
      if (this.released) eye?.image.release();
      else this.finer = eye;
      return this.finer !== null;
    });
  }

  /** Pixels of the photo. */
  get width(): number {
    return this.fast.width;
  }

  get height(): number {
    return this.fast.height;
  }

  /**
   * Asks the finest model that has read the photo; a hover, which is a preview, asks the fast one.
   *
   * @throws EngineError as `EncodedImage.segment` does, about the fast model.
   */
  async segment(
    prompt: Prompt,
    options: { kind?: SegmentKind; signal?: AbortSignal } = {},
  ): Promise<TieredSegmentation> {
    const { finer } = this;
    if (finer && options.kind !== "hover") {
      try {
        return { ...(await finer.image.segment(prompt, options)), model: finer.model };
      } catch (error) {
        if (isAborted(error) || (error instanceof EngineError && error.code === "bad-input")) throw error;
        this.finer = null;
        this.onProblem?.(error);
      }
    }
    return { ...(await this.fast.segment(prompt, options)), model: this.model };
  }

  /** Frees what both models hold. */
  release(): void {
    this.released = true;
    this.fast.release();
    this.finer?.image.release();
    this.finer = null;
  }
}

const isAborted = (error: unknown): boolean => error instanceof EngineError && error.code === "aborted";
