/** The manifest's default model behind the instant one: loaded when that is ready, in a worker of its own. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { EngineError, listModels, type Segmenter } from "../engine/segmenter";
import { Engine, type EngineChoice } from "./engine";
import { preciseIsKept, tiers } from "./tierChoice";

/** What is asked of the engine behind; tests bring their own. */
export type Behind = Pick<Engine, "phase" | "segmenter" | "load" | "stop" | "isFree" | "beside" | "renew">;

const behind = (choice: EngineChoice): Behind => new Engine(choice, () => undefined);

/** Are the default model's files on this device? */
const defaultIsKept = (manifest: URL): Promise<boolean> =>
  listModels(manifest).then(
    (offers) => offers.some(({ isDefault, kept }) => isDefault && kept !== null),
    () => false,
  );

export class Precise {
  private readonly engine = signal<Behind | null>(null);
  private readonly failure = signal<unknown>(null);
  readonly segmenter = computed<Segmenter | null>(() => this.engine.value?.segmenter.value ?? null);
  /** `off`: there is one model only, or only one is wanted. */
  readonly state = computed<"off" | "loading" | "running" | "failed">(() => {
    if (this.failure.value !== null) return "failed";
    return this.engine.value?.phase.value.state ?? "off";
  });
  /** Why only the fast model answers; null where nothing went wrong. */
  readonly problem = computed<unknown>(() => {
    const phase = this.engine.value?.phase.value;
    return this.failure.value ?? (phase?.state === "failed" ? phase.error : null);
  });

  constructor(
    private readonly first: Pick<Engine, "segmenter" | "manifest" | "providers">,
    private readonly make: (choice: EngineChoice) => Behind = behind,
    private readonly isKept: (manifest: URL) => Promise<boolean> = defaultIsKept,
  ) {
    effect(() => this.follow(first.segmenter.value, tiers.value === "both"));
    // Where there are no windows, as in tests, there is nothing to hear.
    globalThis.addEventListener?.("online", () => {
      const problem = this.problem.peek();
      if (problem instanceof EngineError && problem.code === "download") this.retry();
    });
  }

  /** It could not read a photo, or answer. Without memory it is stopped, so that the fast one has what there is. */
  report(error: unknown): void {
    if (!(error instanceof EngineError && error.code === "out-of-memory")) return;
    this.engine.peek()?.stop();
    this.engine.value = null;
    this.failure.value = error;
  }

  /** The engine, where there is one. */
  runners(): readonly Behind[] {
    const engine = this.engine.peek();
    return engine ? [engine] : [];
  }

  retry(): void {
    this.halt();
    this.follow(this.first.segmenter.peek(), tiers.peek() === "both");
  }

  private follow(fast: Segmenter | null, wanted: boolean): void {
    untracked(() => {
      // The fast one is on its way, perhaps back after it was lost: that is no reason to leave.
      if (!fast) return;
      const model = wanted ? fast.info.finer : null;
      if (fast.info.finer !== null && tiers.peek() === "fast") void this.lookForFiles();
      if (model === null) this.halt();
      else if (!this.engine.peek() && this.failure.peek() === null) {
        const engine = this.make({ manifest: this.first.manifest, providers: this.first.providers, model });
        this.engine.value = engine;
        void engine.load();
      }
    });
  }

  /** A slow or dear connection is no reason to do with the fast model where nothing would be fetched. */
  private async lookForFiles(): Promise<void> {
    if (await this.isKept(this.first.manifest)) preciseIsKept.value = true;
  }

  private halt(): void {
    this.engine.peek()?.stop();
    this.engine.value = null;
    this.failure.value = null;
  }
}
