/**
 * One open photo: what was said about its objects, and what the model answered.
 *
 * The document is the truth; answers are kept by its revisions, so undo finds them again and a stale one is never shown as current.
 */
import { batch, computed, signal, type Signal } from "@preact/signals";
import { asksNothing, createDocument, current, currentStep, isBlank, isEmpty, newRevision, noPrompts, revisionOf, toPrompt, type Document, type PhotoObject, type Question } from "../document/document";
import type { PixelIndex } from "../engine/core/geometry";
import { gridSize } from "../engine/core/grid";
import { withGrid } from "../engine/core/maskPrompt";
import { noStrokes } from "../postprocess/strokes";
import type { LowResMask } from "../engine/core/prompt";
import { EngineError, type EncodedImage, type EverythingOptions, type Segmenter } from "../engine/segmenter";
import { Answer, type MaskFrame, type Outline } from "./answer";
import { firstFinish } from "./firstPostprocess";
import type { Photo } from "./photo";

let count = 0;

/** An object with what is known of its mask. */
export interface Found {
  readonly object: PhotoObject;
  /** The answer to what the object asks now, or to what it asked before. */
  readonly answer: Answer;
  /** False: a newer answer is under way. */
  readonly current: boolean;
  readonly candidate: number;
  readonly outline: Outline;
}

/** What the model computed for the photo at an earlier time. */
export interface Recall {
  /** Null: nothing that would do. @throws EngineError */
  recall(segmenter: Segmenter): Promise<EncodedImage | null>;
  keep(segmenter: Segmenter, image: EncodedImage): Promise<void>;
}

/** What a photo brings along that was open before. */
export interface Past {
  readonly document: Document | null;
  readonly embeddings: Recall;
}

/** A mask that was found without being asked for, as a question with its answer. */
export interface Unasked {
  readonly question: Question;
  readonly answer: Answer;
  readonly candidate: number;
  readonly score: number;
}

export class Session {
  readonly id = ++count;
  readonly document: Signal<Document>;
  /** Has the model seen the photo? */
  readonly encoded = signal(false);
  private readonly answers = signal<ReadonlyMap<number, Answer>>(new Map());
  private readonly asked = signal<number | null>(null);
  /** The latest answer about the object that is being edited. */
  private readonly last = signal<{ object: number; answer: Answer } | null>(null);
  private readonly preview = signal<{ at: PixelIndex; answer: Answer } | null>(null);
  /** An object under the pointer, which a tap would select. */
  readonly pointedAt = signal<number | null>(null);

  private segmenter: Segmenter | null = null;
  private image: EncodedImage | null = null;
  private frame: MaskFrame | null = null;
  private encoding: AbortController | null = null;
  /** Which model gave the answers. */
  private answersOf = "";
  private hovered: PixelIndex | null = null;
  private noAnswer: Answer | null = null;
  /** Which round of asking is the latest. */
  private round = 0;

  constructor(
    readonly photo: Photo,
    private readonly onError: (error: unknown) => void,
    private readonly past: Past | null = null,
  ) {
    this.document = signal(past?.document ?? createDocument(firstFinish.peek()));
  }

  /** The object that prompts are about. */
  readonly active = computed(() => current(this.document.value));
  readonly objects = computed(() => currentStep(this.document.value).objects);
  /** The answer to what the document says now. */
  readonly answer = computed(() => this.answers.value.get(revisionOf(this.document.value)) ?? null);
  /** What is drawn: until a new answer comes, the one before it. */
  readonly shown = computed(() => this.answer.value ?? this.answerBefore(this.active.value));
  readonly candidate = computed(() => (this.shown.value ? candidateOf(this.active.value, this.shown.value) : (this.active.value.candidate ?? 0)));
  readonly segmenting = computed(() => this.asked.value !== null);
  /** What a click under the pointer would select. */
  readonly hover = computed<Outline | null>(() => {
    const preview = isEmpty(this.document.value) && this.pointedAt.value === null ? this.preview.value : null;
    const { finish } = this.active.value;
    return preview && preview.answer.outline(preview.answer.best, { finish, strokes: noStrokes, points: [{ ...preview.at, label: 1 }] });
  });
  /** What is known of the object that is being edited. */
  readonly edited = computed(() => this.find(this.active.value));
  /** The objects that have a mask, from back to front. */
  readonly found = computed<readonly Found[]>(() => this.objects.value.flatMap((object) => this.find(object) ?? []));

  /** What is known of an object; null before its first answer. */
  find(object: PhotoObject): Found | null {
    if (isBlank(object)) return null;
    const known = asksNothing(object) ? this.unasked() : this.answers.value.get(object.revision);
    const answer = known ?? this.answerBefore(object);
    if (!answer) return null;
    const candidate = candidateOf(object, answer);
    return { object, answer, candidate, current: known !== undefined, outline: answer.outline(candidate, object) };
  }

  /** Was nothing ever said about the photo? */
  isBlank = (): boolean => this.document.peek().steps.every(({ objects }) => objects.every(asksNothing));

  /** The front object whose mask is there, hidden ones aside. */
  objectAt(at: PixelIndex): PhotoObject | null {
    return this.found.peek().findLast(({ object, outline }) => !object.hidden && outline.contains(at))?.object ?? null;
  }

  /** The mask that a corrective point goes with. */
  chosenMask(): LowResMask | null {
    return this.answer.peek()?.mask(this.candidate.peek()) ?? null;
  }

  /** Id of the model that the answers are from; null before there is one. */
  get model(): string | null {
    return this.segmenter?.info.model.id ?? null;
  }

  /** The side of the frame that the model sees the photo in; null until it does. */
  get inputSize(): number | null {
    return this.frame?.inputSize ?? null;
  }

  /** Has this model the photo, or is it about to? */
  isWith(segmenter: Segmenter): boolean {
    return this.segmenter === segmenter;
  }

  /** The provider of the model that has the photo. */
  get runsOn(): string | null {
    return this.segmenter?.info.provider ?? null;
  }

  /** Shows the photo to a model; replaces an earlier one. @throws EngineError, PixelError */
  async encode(segmenter: Segmenter): Promise<void> {
    this.detach();
    this.segmenter = segmenter;
    const abort = (this.encoding = new AbortController());
    const { id, input_size, mask_threshold } = segmenter.info.model;
    this.answerWith(`${id}/${segmenter.info.variant}`);
    const known = (await this.past?.embeddings.recall(segmenter)) ?? null;
    const image = known ?? (await this.look(segmenter, abort.signal));
    if (abort.signal.aborted) {
      image.release();
      throw new EngineError("aborted", "Reading the photo was stopped.");
    }
    this.image = image;
    this.frame = { photo: this.photo, inputSize: input_size, threshold: mask_threshold, guide: () => this.photo.guide() };
    this.noAnswer = null;
    this.encoded.value = true;
    void this.ask();
    if (known) this.photo.forgetFull();
    else void this.past?.embeddings.keep(segmenter, image);
  }

  private async look(segmenter: Segmenter, signal: AbortSignal): Promise<EncodedImage> {
    const stopped = () => new EngineError("aborted", "Reading the photo was stopped.");
    if (signal.aborted) throw stopped();
    const { source, transfer } = await this.photo.forEncoder();
    if (signal.aborted) throw stopped();
    try {
      return await segmenter.encode(source, { signal, transfer });
    } catch (error) {
      if (!transfer || !(error instanceof EngineError && error.code === "bad-input")) throw error;
    }
    // It arrived without its pixels, and is gone here: read once more, it stays here and can be sent in another way.
    const again = (await this.photo.forEncoder()).source;
    try {
      return await segmenter.encode(again, { signal });
    } finally {
      again.close();
    }
  }

  /** Changes the document and asks the model about it. */
  edit(change: (doc: Document) => Document): void {
    const before = this.document.peek();
    const after = change(before);
    if (after === before) return;
    batch(() => {
      this.document.value = after;
      this.preview.value = null;
      this.pointedAt.value = null;
      this.hovered = null;
      void this.ask();
    });
  }

  /** Asks what a click there would select; null ends the preview. */
  async point(at: PixelIndex | null): Promise<void> {
    if (at && this.hovered?.x === at.x && this.hovered.y === at.y) return;
    this.hovered = at;
    this.pointedAt.value = at && isEmpty(this.document.peek()) ? (this.objectAt(at)?.id ?? null) : null;
    if (this.pointedAt.peek() !== null) return;
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

  /** Finds all masks of the photo. @throws EngineError */
  async findAll(options: EverythingOptions): Promise<Unasked[]> {
    const { image, frame } = this;
    if (!image || !frame) throw new EngineError("bad-input", "The photo has not been read yet.");
    const { masks } = await image.everything(options);
    return masks.map(({ point, segmentation, candidate, predictedIou }) => ({
      question: { ...noPrompts, points: [{ ...point, label: 1 }], candidate, revision: newRevision() },
      answer: new Answer(segmentation, frame),
      candidate,
      score: predictedIou,
    }));
  }

  /** Takes answers before their questions are in the document: the edit that brings those must follow at once. */
  learn(known: readonly Unasked[]): void {
    this.answers.value = new Map([...this.answers.peek(), ...known.map(({ question, answer }) => [question.revision, answer] as const)]);
  }

  /** Asks about what has no answer yet: the active object first, then others – after undo, or in a photo that was reopened. */
  async ask(): Promise<void> {
    const round = ++this.round;
    const known = this.answer.peek();
    if (known) this.last.value = { object: this.active.peek().id, answer: known };
    for (let next = this.unanswered(); next && round === this.round; next = this.unanswered()) {
      this.asked.value = next.revision;
      if (!(await this.askAbout(next))) break;
    }
    if (round === this.round) this.asked.value = null;
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

  /** @returns Whether it was answered. */
  private async askAbout(object: PhotoObject): Promise<boolean> {
    const { image, frame } = this;
    try {
      const answer = new Answer(await image!.segment(withGrid(toPrompt(object), gridSize(frame!.inputSize))), frame!);
      if (this.image !== image) return false;
      this.keep(object, answer);
      return true;
    } catch (error) {
      if (!isAborted(error)) this.onError(error);
      return false;
    }
  }

  /** Another model answers for itself. */
  private answerWith(model: string): void {
    if (this.answersOf && this.answersOf !== model)
      batch(() => {
        this.answers.value = new Map();
        this.last.value = null;
      });
    this.answersOf = model;
  }

  private unanswered(): PhotoObject | null {
    if (!this.image || !this.frame) return null;
    const open = this.objects.peek().filter((object) => !asksNothing(object) && !this.answers.peek().has(object.revision));
    return open.find(({ id }) => id === this.active.peek().id) ?? open[0] ?? null;
  }

  /** What strokes are painted on where the model was not asked. It need not be there for that. */
  private unasked(): Answer {
    return (this.noAnswer ??= Answer.ofNothing(this.frame ?? { photo: this.photo, inputSize: 4, threshold: 0, guide: () => this.photo.guide() }));
  }

  private answerBefore(object: PhotoObject): Answer | null {
    return this.last.value?.object === object.id && !asksNothing(object) ? this.last.value.answer : null;
  }

  /** Answers to questions that are gone – a point on its way – are dropped. */
  private keep({ id, revision }: PhotoObject, answer: Answer): void {
    const doc = this.document.peek();
    const alive = new Set(doc.steps.flatMap((step) => step.objects.map((object) => object.revision)));
    batch(() => {
      this.answers.value = new Map([...this.answers.peek(), [revision, answer] as const].filter(([key]) => alive.has(key)));
      if (id === current(doc).id && !asksNothing(current(doc))) this.last.value = { object: id, answer };
    });
  }
}

/** Another model may offer fewer than there were. */
const candidateOf = ({ candidate }: PhotoObject, { best, scores }: Answer): number => (candidate === null ? best : Math.min(candidate, scores.length - 1));

export const isAborted = (error: unknown): boolean => error instanceof EngineError && error.code === "aborted";
