/**
 * One open photo: what was said about its objects, and what the model answered.
 *
 * The document is the truth; answers are kept by its revisions, so undo finds them again and a stale one is never shown
 * as current.
 *
 * One model reads the photo, or two: then the fast one answers until the precise one has read it too, and that one
 * answers anew.
 */
import { batch, computed, signal, type Signal } from "@preact/signals";
import {
  asksNothing,
  createDocument,
  current,
  currentStep,
  isBlank,
  isEmpty,
  newRevision,
  noPrompts,
  revisionOf,
  toPrompt,
  type Document,
  type PhotoObject,
  type Question,
} from "../document/document";
import type { PixelIndex } from "../engine/core/geometry";
import { noStrokes } from "../postprocess/strokes";
import type { LowResMask } from "../engine/core/prompt";
import { attributed, held, isCloseUp, modelOf } from "../document/answerer";
import { EngineError, type EverythingOptions, type FoundMask, type Segmenter } from "../engine/segmenter";
import { Answer, type MaskFrame, type Outline } from "./answer";
import { Eye, type Recall } from "./eye";
import { firstPostprocessing } from "./firstPostprocess";
import { looksAgain } from "./looking";
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
  /** Has the precise model, which comes second, seen it too? */
  readonly refined = signal(false);
  /** Called before a mask that is in sight changes by itself. */
  beforeSettling: (() => void) | null = null;
  private readonly answers = signal<ReadonlyMap<number, Answer>>(new Map());
  private readonly asked = signal<number | null>(null);
  /** The latest answer about the object that is being edited. */
  /** Answers of which nothing better comes from looking again. */
  private readonly lookedAt = new WeakSet<Answer>();
  private readonly last = signal<{ object: number; answer: Answer } | null>(null);
  private readonly preview = signal<{ at: PixelIndex; answer: Answer } | null>(null);
  /** An object under the pointer, which a tap would select. */
  readonly pointedAt = signal<number | null>(null);

  private eye: Eye | null = null;
  /** That of the precise model, where two look. */
  private fine: Eye | null = null;
  private frame: MaskFrame | null = null;
  /** Which model gave the answers, or the first ones. */
  private answersOf = "";
  private hovered: PixelIndex | null = null;
  private noAnswer: Answer | null = null;
  /** Which round of asking is the latest. */
  private round = 0;

  constructor(
    readonly photo: Photo,
    private readonly onError: (error: unknown) => void,
    private readonly past: Past | null = null,
    /** The precise model failed to answer; the fast one goes on. */
    private readonly onFineError: (error: unknown) => void = () => undefined,
  ) {
    this.document = signal(past?.document ?? createDocument(firstPostprocessing.peek()));
  }

  /** The object that prompts are about. */
  readonly active = computed(() => current(this.document.value));
  readonly objects = computed(() => currentStep(this.document.value).objects);
  /** The answer to what the document says now. */
  readonly answer = computed(() => this.answers.value.get(revisionOf(this.document.value)) ?? null);
  /** What is drawn: until a new answer comes, the one before it. */
  readonly shown = computed(() => this.answer.value ?? this.answerBefore(this.active.value));
  readonly candidate = computed(() =>
    this.shown.value ? candidateOf(this.active.value, this.shown.value) : (this.active.value.candidate ?? 0),
  );
  readonly segmenting = computed(() => this.asked.value !== null);
  /** What a click under the pointer would select. */
  readonly hover = computed<Outline | null>(() => {
    const preview = isEmpty(this.document.value) && this.pointedAt.value === null ? this.preview.value : null;
    const { finish } = this.active.value;
    return (
      preview &&
      preview.answer.outline(preview.answer.best, { finish, strokes: noStrokes, points: [{ ...preview.at, label: 1 }] })
    );
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

  /** Id of the model that answers now; null before there is one. */
  get model(): string | null {
    return this.finest?.model ?? null;
  }

  /** Which of two models gave the answer that is shown, or would give the next. */
  readonly tier = computed<"fast" | "precise">(() => {
    const { refined, answer } = this;
    const fineModel = refined.value ? this.fine?.model : undefined;
    if (!answer.value) return refined.value ? "precise" : "fast";
    return modelOf(answer.value.by) === (fineModel ?? this.eye?.segmenter.info.finer) ? "precise" : "fast";
  });

  /** Is what is shown the answer of a second look? */
  readonly near = computed(() => isCloseUp(this.answer.value?.by ?? ""));

  /** The side of the frame that the model sees the photo in; null until it does. */
  get inputSize(): number | null {
    return this.frame?.inputSize ?? null;
  }

  /** Has this model the photo, or is it about to? */
  isWith(segmenter: Segmenter): boolean {
    return this.eye?.segmenter === segmenter;
  }

  /** The same of the precise model. */
  isRefinedWith(segmenter: Segmenter): boolean {
    return this.fine?.segmenter === segmenter;
  }

  /** The provider of the model that answers now. */
  get runsOn(): string | null {
    return this.finest?.segmenter.info.provider ?? null;
  }

  /** Shows the photo to a model; replaces an earlier one. @throws EngineError, PixelError */
  async encode(segmenter: Segmenter): Promise<void> {
    this.detach();
    const eye = (this.eye = new Eye(segmenter, this.photo));
    this.answerWith(`${eye.model}/${segmenter.info.variant}`);
    await eye.open(this.past?.embeddings ?? null);
    this.frame = eye.frame;
    this.noAnswer = null;
    this.encoded.value = true;
    void this.ask();
  }

  /** Shows it to the precise model too; then what was asked is answered anew. @throws EngineError, PixelError */
  async refine(segmenter: Segmenter): Promise<void> {
    this.coarsen();
    const fine = (this.fine = new Eye(segmenter, this.photo));
    await fine.open(this.past?.embeddings ?? null);
    this.refined.value = true;
    if (!this.segmenting.peek()) void this.ask();
  }

  /** Leaves the fast model alone with the photo. What the precise one answered stays. */
  coarsen(): void {
    this.fine?.close();
    this.fine = null;
    this.refined.value = false;
    if (this.unanswered()) void this.ask();
  }

  /** Changes the document and asks the model about it. */
  edit(change: (doc: Document) => Document): void {
    const before = this.document.peek();
    const changed = change(before);
    if (changed === before) return;
    const after = attributed(before, changed, this.answererOf);
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
    const { eye } = this;
    if (!at || !eye?.image || !isEmpty(this.document.peek()) || this.segmenting.peek()) return;
    try {
      const answer = await eye.ask({ points: [{ ...at, label: 1 }] }, "hover");
      // A little late is better than never while the pointer moves on; after it has left, it is wrong.
      if (this.hovered && this.eye === eye && isEmpty(this.document.peek())) this.preview.value = { at, answer };
    } catch (error) {
      if (!isAborted(error)) this.onError(error);
    }
  }

  /**
   * Finds all masks of the photo.
   *
   * @param onFound Those so far, best first, now and then; the same mask is the same object.
   * @throws EngineError
   */
  async findAll(
    onFound: (found: Unasked[]) => Promise<void>,
    options: Omit<EverythingOptions, "onFound">,
  ): Promise<Unasked[]> {
    const eye = this.finest;
    if (!eye?.image) throw new EngineError("bad-input", "The photo has not been read yet.");
    const known = new Map<FoundMask, Unasked>();
    const unasked = (masks: readonly FoundMask[]): Unasked[] =>
      masks.map((mask) => {
        const { point, segmentation, candidate, predictedIou } = mask;
        const one = known.get(mask) ?? {
          question: { ...noPrompts, points: [{ ...point, label: 1 }], candidate, revision: newRevision() },
          answer: new Answer(segmentation, eye.frame, eye.model),
          candidate,
          score: predictedIou,
        };
        known.set(mask, one);
        return one;
      });
    const { masks } = await eye.image.everything({ ...options, onFound: (some) => onFound(unasked(some)) });
    return unasked(masks);
  }

  /** Takes answers before their questions are in the document: the edit that brings those must follow at once. */
  learn(known: readonly Unasked[]): void {
    // There may be very many, and each look takes as long as reading the photo.
    for (const { answer } of known) this.lookedAt.add(answer);
    this.answers.value = new Map([
      ...this.answers.peek(),
      ...known.map(({ question, answer }) => [question.revision, answer] as const),
    ]);
  }

  /**
   * Asks about what has no answer yet: the active object first, then others – after undo, or in a photo that was
   * reopened.
   */
  async ask(): Promise<void> {
    const round = ++this.round;
    const known = this.answer.peek();
    if (known) this.last.value = { object: this.active.peek().id, answer: known };
    for (let next = this.unanswered(); next && round === this.round; next = this.unanswered()) {
      this.asked.value = next.revision;
      if (!(await this.askAbout(next))) break;
    }
    if (round !== this.round) return;
    this.asked.value = null;
    // Quietly: there is an answer already, which stays until the better one comes.
    for (let next = this.unsettled(); next && round === this.round; next = this.unsettled())
      if (!(await this.askAbout(next))) break;
    for (let next = this.small(); next && round === this.round; next = this.small()) await this.lookAgain(next);
  }

  /** Holds answers as they are, because they were saved: no other model answers anew. Nothing to undo. */
  hold(objects: readonly PhotoObject[] = this.objects.peek()): void {
    this.document.value = held(
      this.document.peek(),
      objects.map(({ id }) => id),
      this.answererOf,
    );
  }

  /** Frees what the engine holds; the photo and its document stay. */
  detach(): void {
    this.eye?.close();
    this.eye = null;
    batch(() => {
      this.coarsen();
      this.encoded.value = false;
      this.asked.value = null;
      this.preview.value = null;
    });
  }

  close(): void {
    this.detach();
    this.photo.close();
  }

  /** @returns Whether there is more to ask. */
  private async askAbout(object: PhotoObject): Promise<boolean> {
    const eye = this.eyeFor(object)!;
    try {
      const answer = await eye.ask(toPrompt(object));
      if (eye.image) this.keep(object, answer);
      return true;
    } catch (error) {
      // Its model left meanwhile: another one may answer.
      if (!eye.image) return true;
      if (isAborted(error)) return false;
      if (eye !== this.fine) {
        this.onError(error);
        return false;
      }
      this.coarsen();
      this.onFineError(error);
      return true;
    }
  }

  /** Where it fails, the first answer is good enough. */
  private async lookAgain(object: PhotoObject): Promise<void> {
    const [eye, first] = [this.eyeFor(object)!, this.answers.peek().get(object.revision)!];
    this.lookedAt.add(first);
    const better = await eye.askAgain(toPrompt(object), first).catch(() => null);
    const now = this.objects.peek().find(({ revision }) => revision === object.revision);
    if (better && eye.image && now && this.maySettle(now) && this.answers.peek().get(object.revision) === first)
      this.keep(now, better);
  }

  /** The finest model that has read the photo, or the only one. */
  private get finest(): Eye | null {
    return this.fine?.image ? this.fine : this.eye;
  }

  /** Who is to answer: the model that the object is held by, where it is here, or the finest one. */
  private eyeFor({ model }: PhotoObject): Eye | null {
    return this.eye?.image && model !== null && this.eye.model === modelOf(model) ? this.eye : this.finest;
  }

  /** Who answered what the object asks now. */
  private readonly answererOf = ({ revision }: PhotoObject): string | null =>
    this.answers.peek().get(revision)?.by ?? null;

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
    if (!this.eye?.image) return null;
    return this.activeFirst((object) => !this.answers.peek().has(object.revision));
  }

  /** An object that another model is to answer anew. */
  private unsettled(): PhotoObject | null {
    if (!this.fine?.image) return null;
    return this.activeFirst((object) => modelOf(this.answererOf(object) ?? "") !== this.eyeFor(object)!.model);
  }

  /** An object that was answered from afar and may be looked at again, by the finest model that is to come. */
  private small(): PhotoObject | null {
    if (!looksAgain.peek() || !this.eye?.image || (this.fine && !this.fine.image)) return null;
    return this.activeFirst((object) => {
      const answer = this.answers.peek().get(object.revision);
      return answer && !isCloseUp(answer.by) && !this.lookedAt.has(answer) && this.maySettle(object);
    });
  }

  /** An answer that was painted on, refined or saved before it was looked at again stays. */
  private maySettle({ model }: PhotoObject): boolean {
    return model === null || isCloseUp(model);
  }

  private activeFirst(which: (object: PhotoObject) => boolean | undefined): PhotoObject | null {
    const open = this.objects.peek().filter((object) => !asksNothing(object) && which(object));
    return open.find(({ id }) => id === this.active.peek().id) ?? open[0] ?? null;
  }

  /** What strokes are painted on where the model was not asked. It need not be there for that. */
  private unasked(): Answer {
    return (this.noAnswer ??= Answer.ofNothing(
      this.frame ?? { photo: this.photo, inputSize: 4, threshold: 0, guide: () => this.photo.guide() },
    ));
  }

  private answerBefore(object: PhotoObject): Answer | null {
    return this.last.value?.object === object.id && !asksNothing(object) ? this.last.value.answer : null;
  }

  /** Answers to questions that are gone – a point on its way – are dropped. */
  private keep({ id, revision }: PhotoObject, answer: Answer): void {
    const doc = this.document.peek();
    const before = this.answers.peek().get(revision);
    if (before && before.by !== answer.by) this.beforeSettling?.();
    const alive = new Set(doc.steps.flatMap((step) => step.objects.map((object) => object.revision)));
    batch(() => {
      this.answers.value = new Map(
        [...this.answers.peek(), [revision, answer] as const].filter(([key]) => alive.has(key)),
      );
      if (id === current(doc).id && !asksNothing(current(doc))) this.last.value = { object: id, answer };
      // What was painted on keeps the answer that lies below.
      const painted = this.objects
        .peek()
        .filter((object) => object.revision === revision && object.strokes.length > 0 && object.model === null);
      if (painted.length) this.hold(painted);
    });
  }
}

/** Another model may offer fewer than there were. */
const candidateOf = ({ candidate }: PhotoObject, { best, scores }: Answer): number =>
  candidate === null ? best : Math.min(candidate, scores.length - 1);

export const isAborted = (error: unknown): boolean => error instanceof EngineError && error.code === "aborted";
