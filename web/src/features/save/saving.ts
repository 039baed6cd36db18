/** Saves and copies what is selected, at the photo's own resolution. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { engineMessage, photoMessage, type Message } from "../../state/messages";
import { cutoutPng, maskPng, PixelError, type Shapes } from "../../workers/decode/client";
import { fileName } from "../../formats/fileName";
import { choice, remember } from "./choice";
import { copyPng, download, formatBytes, type SavedFile } from "../../state/download";
import type { Found, Session } from "../../state/session";
import { shownName } from "../../i18n/names";
import { t } from "../../i18n/translate";

/** A confirmation. `file` can still be copied. */
export interface Toast {
  readonly text: string;
  readonly file: SavedFile | null;
}

type Job = "cutout" | "mask" | "copy";

export class Saving {
  /** Objects that are not hidden, as far as they have a mask. */
  readonly visible = computed<readonly Found[]>(
    () => this.session.value?.found.value.filter(({ object }) => !object.hidden) ?? [],
  );
  /** Save the cut-out as large as the object, not as the photo. */
  readonly crop = signal(choice.peek().crop);
  readonly job = signal<Job | null>(null);
  readonly toast = signal<Toast | null>(null);

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly tell: (message: Message) => void,
  ) {
    effect(() => remember({ crop: this.crop.value }));
  }

  /** All visible objects together, and not only the one that is being edited. */
  readonly all = signal(false);

  /** Are there visible objects with masks beside the active one? */
  readonly others = computed(() =>
    this.visible.value.some(({ object }) => object.id !== this.session.value?.active.value.id),
  );
  /** Where nothing was said about the active object, the others are what can be saved. */
  readonly savesAll = computed(() => this.others.value && (this.all.value || !this.session.value?.edited.value));
  /** What will be saved. */
  private readonly chosen = computed<readonly Found[]>(() => {
    const session = this.session.value;
    if (this.savesAll.value) return this.visible.value;
    const alone = session && session.find(session.active.value);
    return alone ? [alone] : [];
  });
  /** Only answers to the current prompts are saved, never those before them. */
  readonly possible = computed(
    () => this.job.value === null && this.chosen.value.length > 0 && this.chosen.value.every(({ current }) => current),
  );

  saveCutout(): Promise<void> {
    return this.run("cutout", async (session) =>
      this.confirm({ name: `${this.stem(session)}-cutout.png`, blob: await this.cutout(session) }),
    );
  }

  saveMask(): Promise<void> {
    return this.run("mask", async (session) =>
      this.confirm({ name: `${this.stem(session)}-mask.png`, blob: await this.mask(session) }),
    );
  }

  copyCutout(): Promise<void> {
    return this.run("copy", async (session) => {
      await copyPng(this.cutout(session));
      this.toast.value = { text: t("Cut-out copied"), file: null };
    });
  }

  /** Copies a file that was just saved. */
  async copy({ blob }: SavedFile): Promise<void> {
    try {
      await copyPng(blob);
      this.toast.value = { text: t("Copied"), file: null };
    } catch (error) {
      this.tell(copyMessage(error));
    }
  }

  private confirm(file: SavedFile): void {
    download(file);
    this.toast.value = { text: `${file.name} · ${formatBytes(file.blob.size)}`, file };
  }

  private async run(job: Job, work: (session: Session) => Promise<void>): Promise<void> {
    const session = this.session.peek();
    if (!session || !this.possible.peek()) return;
    this.job.value = job;
    session.hold(this.chosen.peek().map(({ object }) => object));
    try {
      await work(session);
    } catch (error) {
      this.tell(
        error instanceof PixelError
          ? withoutRemedy(photoMessage(error, true))
          : job === "copy"
            ? copyMessage(error)
            : engineMessage(error),
      );
    }
    this.job.value = null;
  }

  private cutout(session: Session): Promise<Blob> {
    return cutoutPng({ blob: session.photo.blob, ...shaped(this.chosen.peek()) }, this.crop.peek());
  }

  private mask(session: Session): Promise<Blob> {
    return maskPng({ blob: session.photo.blob, ...shaped(this.chosen.peek()) });
  }

  /** Several objects are saved under their own names. */
  private stem({ photo, objects }: Session): string {
    if (objects.peek().length === 1) return photo.name;
    return `${photo.name}-${this.savesAll.peek() ? "all" : fileName(shownName(this.chosen.peek()[0]!.object))}`;
  }
}

export const shaped = (chosen: readonly Found[]): Shapes => ({
  shapes: chosen.map(({ object, answer, candidate }) => {
    const { inputSize, threshold } = answer.frame;
    return { ...answer.shape(candidate, object), inputSize, threshold };
  }),
});

/** Nothing is wrong with the photo: another one would not help. */
const withoutRemedy = (message: Message): Message => ({ ...message, remedy: undefined });

const copyMessage = (error: unknown): Message => ({
  tone: "error",
  title: t("The picture could not be copied"),
  text:
    error instanceof Error && error.name !== "NotAllowedError"
      ? error.message
      : t("The browser did not allow it. Save it instead."),
});
