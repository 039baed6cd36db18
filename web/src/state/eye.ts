/** A model that has read a photo, or is about to. */
import { gridSize } from "../engine/core/grid";
import { withGrid } from "../engine/core/maskPrompt";
import type { Prompt } from "../engine/core/prompt";
import { CloserImage, EngineError, type EncodedImage, type Segmenter, type SegmentKind } from "../engine/segmenter";
import { closeUp } from "../document/answerer";
import { Answer, type MaskFrame } from "./answer";
import type { Photo } from "./photo";

/** What the model computed for the photo at an earlier time. */
export interface Recall {
  /** Null: nothing that would do. @throws EngineError */
  recall(segmenter: Segmenter): Promise<EncodedImage | null>;
  keep(segmenter: Segmenter, image: EncodedImage): Promise<void>;
}

export class Eye {
  /** Null until the photo was read. */
  image: EncodedImage | null = null;
  private closer: CloserImage | null = null;
  readonly frame: MaskFrame;
  private readonly abort = new AbortController();

  constructor(
    readonly segmenter: Segmenter,
    private readonly photo: Photo,
  ) {
    const { input_size, mask_threshold } = segmenter.info.model;
    this.frame = { photo, inputSize: input_size, threshold: mask_threshold, guide: () => photo.guide() };
  }

  /** Id of its model. */
  get model(): string {
    return this.segmenter.info.model.id;
  }

  /** @throws EngineError, PixelError */
  async open(memory: Recall | null): Promise<void> {
    const { segmenter, abort } = this;
    const known = (await memory?.recall(segmenter)) ?? null;
    const image = known ?? (await this.look());
    if (abort.signal.aborted) {
      image.release();
      throw stopped();
    }
    this.image = image;
    this.closer = new CloserImage(segmenter, image, (region) => this.photo.region(region));
    if (known) this.photo.forgetFull();
    else void memory?.keep(segmenter, image);
  }

  /** @throws EngineError */
  async ask(prompt: Prompt, kind?: SegmentKind): Promise<Answer> {
    if (!this.closer) throw stopped();
    const found = await this.closer.segment(this.fitted(prompt), { kind });
    return new Answer(found, this.frame, found.masks[found.best]!.region ? closeUp(this.model) : this.model);
  }

  /** Looks again where what was meant is small, or in the prompt's view. Null: nothing is better than the first answer. @throws EngineError, PixelError */
  async askAgain(prompt: Prompt, first: Answer): Promise<Answer | null> {
    if (!this.closer) throw stopped();
    const found = await this.closer.lookAgain(this.fitted(prompt), first.segmentation);
    return found && new Answer(found, this.frame, closeUp(this.model));
  }

  private fitted(prompt: Prompt): Prompt {
    return withGrid(prompt, gridSize(this.frame.inputSize));
  }

  close(): void {
    this.abort.abort();
    this.closer?.release();
    this.image = this.closer = null;
  }

  private async look(): Promise<EncodedImage> {
    const { segmenter, photo } = this;
    const { signal } = this.abort;
    if (signal.aborted) throw stopped();
    const { source, transfer } = await photo.forEncoder();
    if (signal.aborted) throw stopped();
    try {
      return await segmenter.encode(source, { signal, transfer });
    } catch (error) {
      if (!transfer || !(error instanceof EngineError && error.code === "bad-input")) throw error;
    }
    // It arrived without its pixels, and is gone here: read once more, it stays here and can be sent in another way.
    const again = (await photo.forEncoder()).source;
    try {
      return await segmenter.encode(again, { signal });
    } finally {
      again.close();
    }
  }
}

const stopped = (): EngineError => new EngineError("aborted", "Reading the photo was stopped.");
