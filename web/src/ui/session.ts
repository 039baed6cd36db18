/**
 * One open photo: what was said about it, and what the model answered.
 *
 * The document is the truth; answers are kept by its revisions, so undo finds them again and a stale one is never shown as current.
 */
import { batch, computed, signal } from "@preact/signals";
import { createDocument, current, isEmpty, revisionOf, toPrompt, type Document } from "../core/document";
import type { ImagePoint } from "../core/geometry";
import type { LowResMask } from "../core/prompt";
import { EngineError, type EncodedImage, type Segmenter } from "../engine/segmenter";
import { Answer, type MaskFrame } from "./answer";
import type { Photo } from "./photo";

let count = 0;

export class Session {
  readonly id = ++count;
  readonly document = signal<Document>(createDocument());
  /** Has the model seen the photo? */
  readonly encoded = signal(false);
  private readonly answers = signal<ReadonlyMap<number, Answer>>(new Map());
  private readonly asked = signal<number | null>(null);
  private readonly last = signal<Answer | null>(null);
  private readonly preview = signal<{ at: ImagePoint; answer: Answer } | null>(null);

  private segmenter: Segmenter | null = null;
  private image: EncodedImage | null = null;
  private frame: MaskFrame | null = null;
  private encoding: AbortController | null = null;
  private hovered: ImagePoint | null = null;

  constructor(
    readonly photo: Photo,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The answer to what the document says now. */
  readonly answer = computed(() => this.answers.value.get(revisionOf(this.document.value)) ?? null);
  /** What is drawn: until a new answer comes, the one before it. */
  readonly shown = computed(() => this.answer.value ?? (isEmpty(this.document.value) ? null : this.last.value));
  readonly candidate = computed(() => current(this.document.value).candidate ?? this.shown.value?.best ?? 0);
  readonly segmenting = computed(() => this.asked.value !== null);
  readonly hover = computed(() => (isEmpty(this.document.value) ? (this.preview.value?.answer ?? null) : null));

  /** The mask that a corrective point goes with. */
  chosenMask(): LowResMask | null {
    return this.answer.peek()?.mask(this.candidate.peek()) ?? null;
  }

  /** Has this model the photo, or is it about to? */
  isWith(segmenter: Segmenter): boolean {
    return this.segmenter === segmenter;
  }

  /** Shows the photo to a model; replaces an earlier one. @throws EngineError, PixelError */
  async encode(segmenter: Segmenter): Promise<void> {
    this.detach();
    this.segmenter = segmenter;
    const abort = (this.encoding = new AbortController());
    const { input_size, mask_threshold } = segmenter.info.model;
    const { source, transfer } = await this.photo.forEncoder();
    if (abort.signal.aborted) throw new EngineError("aborted", "Reading the photo was stopped.");
    const image = await segmenter.encode(source, { signal: abort.signal, transfer });
    if (abort.signal.aborted) {
      image.release();
      throw new EngineError("aborted", "Reading the photo was stopped.");
    }
    this.image = image;
    this.frame = { photo: this.photo, inputSize: input_size, threshold: mask_threshold };
    this.encoded.value = true;
    void this.ask();
  }

  /** Changes the document and asks the model about it. */
  edit(change: (doc: Document) => Document): void {
    const before = this.document.peek();
    const after = change(before);
    if (after === before) return;
    batch(() => {
      this.document.value = after;
      this.preview.value = null;
      this.hovered = null;
      void this.ask();
    });
  }

  /** Asks what a click there would select; null ends the preview. */
  async point(at: ImagePoint | null): Promise<void> {
    if (at && this.hovered?.x === at.x && this.hovered.y === at.y) return;
    this.hovered = at;
    if (!at) this.preview.value = null;
    if (!at || !this.image || !this.frame || !isEmpty(this.document.peek()) || this.segmenting.peek()) return;
    try {
      const { image, frame } = this;
      const answer = new Answer(await image.segment({ points: [{ ...at, label: 1 }] }, { kind: "hover" }), frame);
      // A little late is better than never while the pointer moves on; after it has left, it is wrong.
      if (this.hovered && this.image === image && isEmpty(this.document.peek())) this.preview.value = { at, answer };
    } catch (error) {
      if (!isAborted(error)) this.onError(error);
    }
  }

  /** Asks again about what has no answer yet, after an error. */
  async ask(): Promise<void> {
    const step = current(this.document.peek());
    const known = this.answers.peek().get(step.revision);
    if (known) this.last.value = known;
    if (known || isEmpty(this.document.peek()) || !this.image || !this.frame) {
      this.asked.value = null;
      return;
    }
    const { image, frame } = this;
    this.asked.value = step.revision;
    try {
      const answer = new Answer(await image.segment(toPrompt(step)), frame);
      if (this.image === image) this.keep(step.revision, answer);
    } catch (error) {
      if (!isAborted(error)) this.onError(error);
    }
    if (this.asked.peek() === step.revision) this.asked.value = null;
  }

  /** Frees what the engine holds; the photo and its document stay. */
  detach(): void {
    this.encoding?.abort();
    this.image?.release();
    this.image = null;
    this.segmenter = null;
    batch(() => {
      this.encoded.value = false;
      this.asked.value = null;
      this.preview.value = null;
    });
  }

  close(): void {
    this.detach();
    this.photo.close();
  }

  /** Answers to steps that are gone – a point on its way – are dropped. */
  private keep(revision: number, answer: Answer): void {
    const doc = this.document.peek();
    const alive = new Set(doc.steps.map((step) => step.revision));
    batch(() => {
      this.answers.value = new Map([...this.answers.peek(), [revision, answer] as const].filter(([key]) => alive.has(key)));
      if (!isEmpty(doc)) this.last.value = answer;
    });
  }
}

export const isAborted = (error: unknown): boolean => error instanceof EngineError && error.code === "aborted";
