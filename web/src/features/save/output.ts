/** What the save sheet does: plans files, shows them small, makes them, and hands them over. */
import { computed, effect, signal } from "@preact/signals";
import { projectEnding, writeProject } from "../../state/projects";
import { takeBytes } from "../../state/takeBytes";
import { copyPng, copyText, download, formatBytes, type SavedFile } from "../../state/download";
import type { Saving } from "./saving";
import type { Found, Session } from "../../state/session";
import { choice, whats, type What } from "./choice";
import { Maker, MakingError } from "../../workers/save/client";
import { behindOf, isPicture, originalName, plan } from "./plan";
import { canShare, share } from "./share";
import { problemOf } from "./problems";
import { t } from "../../i18n/translate";

/** Something is being made; its files, where there are several. */
export interface Work {
  readonly done: number;
  readonly total: number;
}

/** Pixels, twice what is shown. */
const previewSide = { one: 480, several: 200 };

export class Output {
  readonly work = signal<Work | null>(null);
  /** What went wrong, as a sentence. */
  readonly problem = signal<string | null>(null);
  readonly previews = signal<readonly ImageBitmap[]>([]);
  /** The other photo that objects are put in front of. */
  readonly backdrop = signal<File | null>(null);
  private readonly maker: Maker;
  private readonly forget: () => void;
  private looking = false;
  private lookAgain = false;
  private closed = false;
  /** A file that was made too slowly to be shared by the same press. */
  private prepared: { key: string; file: SavedFile } | null = null;

  constructor(
    private readonly session: Session,
    private readonly saving: Saving,
    private readonly onDone: () => void,
  ) {
    this.maker = new Maker(session.photo);
    this.forget = effect(() => {
      if (this.look.value) void this.refresh();
    });
  }

  private readonly alone = computed<Found | null>(() => this.session.find(this.session.active.value));

  /** Which of the ways there are objects for. */
  readonly whats = computed<readonly What[]>(() => {
    const several = this.saving.visible.value.length > 1;
    const annotations = choice.value.format === "coco";
    return whats.filter((what) =>
      what === "one"
        ? this.alone.value !== null
        : what === "each"
          ? several
          : (several && !annotations) || this.alone.value === null,
    );
  });

  readonly what = computed<What>(() => {
    const wanted = choice.value.what;
    if (this.whats.value.includes(wanted)) return wanted;
    return wanted === "all" && this.whats.value.includes("each") ? "each" : this.whats.value[0]!;
  });

  private readonly found = computed<readonly Found[]>(() =>
    this.what.value === "one" ? [this.alone.value!] : this.saving.visible.value,
  );

  readonly plan = computed(() => {
    const { crop } = this.saving;
    if (choice.value.format === "project" || !this.found.value.length) return null;
    return plan({ ...choice.value, crop: crop.value }, this.what.value, this.session, this.found.value);
  });

  readonly name = computed(() => this.plan.value?.name ?? `${this.session.photo.name}${projectEnding}`);

  /** The photo for the background is still to be chosen. */
  readonly needsBackdrop = computed(
    () => isPicture(choice.value.format) && choice.value.behind === "photo" && !this.backdrop.value,
  );

  readonly possible = computed(
    () =>
      this.work.value === null &&
      (choice.value.format === "project" ||
        (this.plan.value !== null && this.found.value.every(({ current }) => current) && !this.needsBackdrop.value)),
  );

  /** What the clipboard can take of it. */
  readonly copies = computed<"picture" | "text" | null>(() => {
    if (this.plan.value?.files.length !== 1) return null;
    return this.plan.value.asPng ? "picture" : "text";
  });

  readonly shares = computed(() => canShare(this.name.value));

  save(): Promise<void> {
    return this.run(async () => {
      const file = await this.produce();
      download(file);
      this.finish(`${file.name} · ${formatBytes(file.blob.size)}`, file);
    });
  }

  copy(): Promise<void> {
    return this.run(async () => {
      const { asPng, files } = this.plan.peek()!;
      this.session.hold(this.found.peek().map(({ object }) => object));
      const blob = this.maker.make(asPng ?? files[0]!.job);
      // Whatever the clipboard says, what went wrong before it is what to tell.
      await (asPng ? copyPng(blob) : copyText(blob)).catch(async (error: unknown) =>
        Promise.reject(await blob.then(() => error)),
      );
      this.finish(asPng ? t("Picture copied") : t("Text copied"), null);
    });
  }

  share(): Promise<void> {
    return this.run(async () => {
      const key = this.key();
      const file = this.prepared?.key === key ? this.prepared.file : await this.produce();
      this.prepared = { key, file };
      const outcome = await share(file);
      if (outcome === "shared") this.finish(t("{name} shared", { name: file.name }), null);
      if (outcome === "too-late") this.problem.value = t("It is ready now: press Share once more.");
    });
  }

  async setBackdrop(file: File): Promise<void> {
    this.problem.value = null;
    try {
      await this.maker.setBackdrop(await takeBytes(file));
      this.backdrop.value = file;
    } catch (error) {
      this.problem.value = problemOf(error);
    }
  }

  /** Ends the work; the sheet stays. */
  cancel(): void {
    this.maker.stop();
    this.work.value = null;
  }

  close(): void {
    this.closed = true;
    this.forget();
    this.maker.stop();
    for (const bitmap of this.previews.peek()) bitmap.close();
  }

  private async produce(): Promise<SavedFile> {
    const files = this.plan.peek()?.files;
    const name = this.name.peek();
    this.session.hold(files ? this.found.peek().map(({ object }) => object) : undefined);
    if (!files) {
      const { photo, model } = this.session;
      return { name, blob: await writeProject(this.session, originalName(photo.name, photo.blob), model) };
    }
    if (files.length === 1) return { name, blob: await this.maker.make(files[0]!.job) };
    this.work.value = { done: 0, total: files.length };
    const blob = await this.maker.archive(files, (done) => {
      if (this.work.peek()) this.work.value = { done, total: files.length };
    });
    return { name, blob };
  }

  private async run(work: () => Promise<void>): Promise<void> {
    if (!this.possible.peek()) return;
    this.work.value = { done: 0, total: 1 };
    this.problem.value = null;
    try {
      await work();
    } catch (error) {
      if (!isStopped(error)) this.problem.value = problemOf(error);
    }
    this.work.value = null;
  }

  private finish(text: string, file: SavedFile | null): void {
    if (this.closed) return;
    // Only PNG can be copied as a picture.
    this.saving.toast.value = { text, file: file?.blob.type === "image/png" ? file : null };
    this.onDone();
  }

  /** Equal while the same file would come out. */
  private key(): string {
    return JSON.stringify([
      choice.peek(),
      this.what.peek(),
      this.saving.crop.peek(),
      this.name.peek(),
      this.found.peek().map(({ object, answer, candidate }) => [object.id, object.revision, answer.by, candidate]),
    ]);
  }

  /** Changes when the previews do. */
  private readonly look = computed(() => {
    const { plan, backdrop } = this;
    if (!plan.value) return "nothing";
    const behind = isPicture(choice.value.format) && behindOf(choice.value);
    const { name, size, lastModified } = backdrop.value ?? {};
    // Shapes have a key beside them. Saving an object names its answerer, which changes the object but not how it
    // looks.
    return JSON.stringify([plan.value.previews, behind, name, size, lastModified], (key, value: unknown) =>
      key === "shapes" ? undefined : value,
    );
  });

  /** One at a time; what changed meanwhile is shown next. */
  private async refresh(): Promise<void> {
    this.lookAgain = true;
    if (this.looking) return;
    this.looking = true;
    while (this.lookAgain && !this.closed) {
      this.lookAgain = false;
      // oxlint-disable-next-line no-await-in-loop -- one at a time
      await this.showPreviews();
    }
    this.looking = false;
  }

  private async showPreviews(): Promise<void> {
    const jobs = this.plan.peek()?.previews ?? [];
    const side = jobs.length > 1 ? previewSide.several : previewSide.one;
    try {
      const bitmaps = await Promise.all(jobs.map((job) => this.maker.preview(job, side)));
      if (this.closed) return bitmaps.forEach((bitmap) => bitmap.close());
      const before = this.previews.peek();
      this.previews.value = bitmaps;
      this.problem.value = null;
      for (const bitmap of before) bitmap.close();
    } catch (error) {
      if (!isStopped(error) && !this.closed) this.problem.value = problemOf(error);
    }
  }
}

const isStopped = (error: unknown): boolean => error instanceof MakingError && error.code === "stopped";
