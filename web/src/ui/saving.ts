/** Saves and copies what is selected, at the photo's own resolution. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { engineMessage, photoMessage, type Message } from "./messages";
import { cutoutPng, maskPng, PixelError } from "./pixels/pixels";
import { copyPng, download, formatBytes, type SavedFile } from "./save";
import type { Session } from "./session";

/** A confirmation. `file` can still be copied. */
export interface Toast {
  readonly text: string;
  readonly file: SavedFile | null;
}

type Job = "cutout" | "mask" | "copy";

export class Saving {
  /** Save the cut-out as large as the object, not as the photo. */
  readonly crop = signal(false);
  readonly job = signal<Job | null>(null);
  readonly toast = signal<Toast | null>(null);

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly tell: (message: Message) => void,
  ) {}

  /** Only an answer to the current prompt is saved, never the one before it. */
  readonly possible = computed(() => this.job.value === null && Boolean(this.session.value?.answer.value));

  saveCutout(): Promise<void> {
    return this.run("cutout", async (session) => this.confirm({ name: `${session.photo.name}-cutout.png`, blob: await this.cutout(session) }));
  }

  saveMask(): Promise<void> {
    return this.run("mask", async (session) => this.confirm({ name: `${session.photo.name}-mask.png`, blob: await this.mask(session) }));
  }

  copyCutout(): Promise<void> {
    return this.run("copy", async (session) => {
      await copyPng(this.cutout(session));
      this.toast.value = { text: "Cut-out copied", file: null };
    });
  }

  /** Copies a file that was just saved. */
  async copy({ blob }: SavedFile): Promise<void> {
    try {
      await copyPng(blob);
      this.toast.value = { text: "Copied", file: null };
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
    try {
      await work(session);
    } catch (error) {
      this.tell(error instanceof PixelError ? withoutRemedy(photoMessage(error, true)) : job === "copy" ? copyMessage(error) : engineMessage(error));
    }
    this.job.value = null;
  }

  private cutout(session: Session): Promise<Blob> {
    return cutoutPng({ blob: session.photo.blob, ...masked(session) }, this.crop.peek());
  }

  private mask(session: Session): Promise<Blob> {
    const { width, height } = session.photo;
    return maskPng({ width, height }, masked(session));
  }
}

function masked(session: Session) {
  const answer = session.answer.peek()!;
  const { inputSize, threshold } = answer.frame;
  return { mask: answer.mask(session.candidate.peek()), inputSize, threshold };
}

/** Nothing is wrong with the photo: another one would not help. */
const withoutRemedy = (message: Message): Message => ({ ...message, remedy: undefined });

const copyMessage = (error: unknown): Message => ({
  tone: "error",
  title: "The picture could not be copied",
  text: error instanceof Error && error.name !== "NotAllowedError" ? error.message : "The browser did not allow it. Save it instead.",
});
