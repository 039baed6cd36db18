/** Wires photos, the models and the page's state together, and decides what the user is told. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { EngineError, type Segmenter } from "../engine/segmenter";
import { Engine, type EngineChoice } from "../state/engine";
import { endCoaching } from "../features/stage/coach";
import { KeyboardBox } from "../features/stage/keyboardBox";
import { Album, type Sheet } from "../features/library/album";
import {
  engineMessage,
  lostMessage,
  photoMessage,
  remarkMessage,
  storageMessage,
  type Message,
  type Remedy,
} from "../state/messages";
import { Everything } from "../features/find-all/everything";
import { Models } from "../features/models/models";
import { Objects } from "../features/objects/objects";
import { Photo } from "../state/photo";
import { Precise } from "../state/precise";
import { otherModelMessage, projectMessage } from "../state/projects";
import type { Runner } from "../state/race";
import type { Renewable } from "../state/renewal";
import { Prompting } from "../state/prompting";
import { Saving } from "../features/save/saving";
import { isAborted, Session } from "../state/session";
import { tiers } from "../state/tierChoice";
import { Viewport } from "../state/viewport";
import { describeStatus, type Status } from "../state/status";
import { t } from "../i18n/translate";
import { shownName } from "../i18n/names";

export class Controller {
  readonly session = signal<Session | null>(null);
  readonly opening = signal(false);
  readonly viewport = new Viewport();
  readonly engine: Engine;
  readonly precise: Precise;
  readonly prompting: Prompting;
  readonly objects: Objects;
  readonly keyboardBox: KeyboardBox;
  readonly saving: Saving;
  readonly album: Album;
  readonly everything: Everything;
  readonly models: Models;
  private readonly message = signal<Message | null>(null);
  private readonly dismissed = signal<unknown>(null);
  /** The photo before, until the model has seen the new one. */
  private previous: Session | null = null;
  private turn = 0;

  constructor(choice: EngineChoice) {
    this.engine = new Engine(
      { ...choice, instant: () => tiers.peek() !== "precise" },
      (_, lost) => (this.message.value = lost === "webgpu" ? lostMessage() : null),
    );
    this.precise = new Precise(this.engine);
    this.models = new Models(this.engine, this.precise);
    this.prompting = new Prompting(this.session, this.viewport, () => this.forgetMessage());
    this.keyboardBox = new KeyboardBox(this.session, this.prompting);
    this.objects = new Objects(this.session, this.prompting);
    this.saving = new Saving(this.session, (message) => (this.message.value = message));
    effect(() => {
      if (this.prompting.hasAsked.value) endCoaching();
    });
    this.album = new Album(this);
    this.everything = new Everything(this.session, this.prompting, (message) => (this.message.value = message));
    effect(() => this.introduce(this.session.value, this.engine.segmenter.value));
    effect(() =>
      this.refine(this.session.value, this.session.value?.encoded.value ?? false, this.precise.segmenter.value),
    );
    effect(() => {
      if (this.engine.segmenter.value?.info.cached === false) this.message.value = storageMessage();
    });
  }

  /** What to tell, if anything: the last event, or that there is no engine. */
  readonly shownMessage = computed<Message | null>(() => {
    const phase = this.engine.phase.value;
    if (this.message.value) return this.message.value;
    return phase.state === "failed" && this.dismissed.value !== phase.error ? engineMessage(phase.error) : null;
  });

  /** Which of two models answers; null where there is one. */
  private readonly tier = computed(() => {
    if (!this.engine.segmenter.value?.info.finer) return null;
    return this.session.value?.tier.value ?? (this.precise.state.value === "running" ? "precise" : "fast");
  });

  readonly status = computed<Status>(() =>
    describeStatus({
      phase: this.engine.phase.value,
      tier: this.tier.value,
      message: this.shownMessage.value,
      opening: this.opening.value,
      photo: this.session.value !== null,
      encoded: this.session.value?.encoded.value ?? false,
      segmenting: this.session.value?.segmenting.value ?? false,
      answer: this.session.value?.answer.value ?? null,
      candidate: this.session.value?.candidate.value ?? 0,
      name: this.objects.listed.value && this.session.value ? shownName(this.session.value.active.value) : t("Object"),
    }),
  );

  /** Nothing is loaded, read or answered now. */
  readonly idle = computed(() => {
    const refining = this.precise.segmenter.value !== null && this.session.value?.refined.value === false;
    const loading = this.precise.state.value === "loading";
    return this.status.value.state === "ready" && !loading && !refining && !this.everything.isOpen.value;
  });

  /** The engines that may run a model elsewhere: the precise one first, which takes longer. */
  readonly runners = (): readonly (Runner & Renewable)[] => [...this.precise.runners(), this.engine];

  /** Settles when the model runs, or cannot. */
  start(): Promise<void> {
    return this.engine.load();
  }

  tell(message: Message): void {
    this.message.value = message;
  }

  /**
   * Opens a photo, or a project with its photo, beside the others. The current one stays in sight until the new one
   * could be read.
   */
  async open(blob: Blob, name: string): Promise<void> {
    let model: string | null = null;
    const presenting = this.present(async () => {
      const sheet = await this.album.place(blob, name);
      ({ model } = sheet);
      return sheet;
    });
    const { turn } = this;
    await presenting;
    if (turn === this.turn && !this.message.peek() && this.isAnother(model)) this.message.value = otherModelMessage();
  }

  /** Opens what was chosen, dropped, shared or handed over at once; the first that can be read is shown. */
  async openAll(files: readonly File[]): Promise<void> {
    const [first, ...others] = files;
    if (!first) return;
    await this.open(first, first.name);
    const [next] = await this.album.add(others);
    if (next && !this.session.peek() && !this.opening.peek()) await this.show(next.id);
  }

  /** Shows a photo that is kept. */
  show(id: string): Promise<void> {
    return this.present(() => this.album.take(id));
  }

  /** Back to the start. The photo stays kept. */
  home(): void {
    this.turn++;
    this.opening.value = false;
    this.message.value = null;
    const session = this.session.peek();
    this.startOver();
    this.session.value = null;
    session?.close();
    this.previous?.close();
    this.previous = null;
  }

  private async present(find: () => Promise<Sheet>): Promise<void> {
    const turn = ++this.turn;
    this.message.value = null;
    this.opening.value = true;
    try {
      const sheet = await find();
      const photo = await Photo.open(sheet.blob, sheet.name);
      if (turn !== this.turn) photo.close();
      else {
        this.adopt(photo, sheet);
        if (photo.remark) this.message.value = remarkMessage(photo.remark);
      }
    } catch (error) {
      const open = this.session.peek() !== null;
      if (turn === this.turn) this.message.value = projectMessage(error, open) ?? photoMessage(error, open);
    }
    if (turn === this.turn) this.opening.value = false;
  }

  /** Opens a picture that belongs to the page. */
  async openSample(address: string, name: string): Promise<void> {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) await this.open(await answer.blob(), name);
    else
      this.message.value = {
        tone: "error",
        title: t("The sample could not be loaded"),
        text: t("The connection failed."),
        remedy: "choose-photo",
      };
  }

  /** Back to the photo before, or to the start. */
  stopReading(): void {
    this.turn++;
    this.opening.value = false;
    const session = this.session.peek();
    if (session && !session.encoded.peek()) this.giveBack(session);
  }

  dismiss(): void {
    const phase = this.engine.phase.peek();
    if (!this.message.peek() && phase.state === "failed") this.dismissed.value = phase.error;
    this.message.value = null;
  }

  remedy(remedy: Exclude<Remedy, "choose-photo">): void {
    this.message.value = null;
    const session = this.session.peek();
    const segmenter = this.engine.segmenter.peek();
    if (remedy === "reload-page") location.reload();
    else if (remedy === "load-again") void this.engine.load();
    else if (remedy === "read-again" && session && segmenter) void this.read(session, segmenter);
    else if (remedy === "ask-again") void session?.ask();
  }

  private adopt(photo: Photo, sheet: Sheet): void {
    const before = this.session.peek();
    if (before?.encoded.peek()) {
      this.previous?.close();
      this.previous = before;
    }
    this.viewport.show(photo);
    this.startOver();
    const session = new Session(
      photo,
      (error) => this.report(error),
      this.album.past(sheet, photo),
      (error) => this.precise.report(error),
    );
    this.album.admit(sheet, session);
    if (!session.isBlank()) this.prompting.hasAsked.value = true;
    this.session.value = session;
    if (before !== this.previous) before?.close();
  }

  /** Brings photo and model together, whichever came last. */
  private introduce(session: Session | null, segmenter: Segmenter | null): void {
    untracked(() => {
      if (!segmenter) session?.detach();
      else if (session && !session.isWith(segmenter)) void this.read(session, segmenter);
    });
  }

  /** Lets the precise model look too, behind the fast one. */
  private refine(session: Session | null, encoded: boolean, segmenter: Segmenter | null): void {
    untracked(() => {
      if (!session) return;
      if (!segmenter) session.coarsen();
      else if (encoded && !session.isRefinedWith(segmenter))
        void session.refine(segmenter).catch((error: unknown) => isAborted(error) || this.precise.report(error));
    });
  }

  private async read(session: Session, segmenter: Segmenter): Promise<void> {
    try {
      await session.encode(segmenter);
      this.previous?.close();
      this.previous = null;
    } catch (error) {
      if (session !== this.session.peek() || isAborted(error) || isLost(error)) return;
      const kept = this.previous !== null;
      if (kept) this.giveBack(session);
      this.message.value = { ...photoMessage(error, kept), remedy: kept ? "choose-photo" : "read-again" };
    }
  }

  private giveBack(session: Session): void {
    const { previous } = this;
    this.previous = null;
    this.startOver();
    if (previous) this.viewport.show(previous.photo);
    this.session.value = previous;
    this.album.dismiss(session);
    session.close();
  }

  private startOver(): void {
    this.prompting.reset();
    this.keyboardBox.giveUp();
    this.objects.reset();
    this.saving.all.value = false;
    this.everything.close();
  }

  private report(error: unknown): void {
    if (!isLost(error)) this.message.value = { ...engineMessage(error), remedy: "ask-again" };
  }

  /** Is a model none of those that answer here? */
  private isAnother(model: string | null): boolean {
    const info = this.engine.segmenter.peek()?.info;
    if (model === null || !info) return false;
    return model !== info.model.id && (model !== info.finer || this.precise.state.peek() === "off");
  }

  private forgetMessage(): void {
    if (this.message.peek()) this.message.value = null;
  }
}

/** The engine starts again by itself, and the photo follows. */
const isLost = (error: unknown): boolean => error instanceof EngineError && error.code === "provider-lost";
