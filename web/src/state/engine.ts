/** The running model: loads it, tells how far that is, and starts it elsewhere when its device is lost. */
import { computed, signal } from "@preact/signals";
import { EngineError, Segmenter, type LoadOptions, type Progress, type Provider } from "../engine/segmenter";
import { preferred } from "./verdicts";

export interface EngineChoice {
  readonly manifest: URL;
  readonly model?: string;
  readonly variant?: string;
  /** Asked when it is loaded: may the manifest's instant model go before its default, where no model is named? */
  readonly instant?: () => boolean;
  /** A model that the user brought, in the place of the manifest's. */
  readonly own?: string;
  /** It is what was chosen last time: when it is there no more, the default will do. */
  readonly remembered?: boolean;
  /** All of them by default. */
  readonly providers?: readonly Provider[];
}

export type EnginePhase =
  | { readonly state: "loading"; readonly progress: Progress | null }
  | { readonly state: "running"; readonly segmenter: Segmenter }
  | { readonly state: "failed"; readonly error: unknown };

const everywhere: readonly Provider[] = ["webgpu", "wasm-threads", "wasm"];

export class Engine {
  readonly phase = signal<EnginePhase>({ state: "loading", progress: null });
  private readonly stopped = new AbortController();
  readonly segmenter = computed(() => (this.phase.value.state === "running" ? this.phase.value.segmenter : null));

  /** @param onLost Called when the running provider is gone; another one is being started. */
  constructor(
    private choice: EngineChoice,
    private readonly onLost: (error: EngineError, lost: Provider) => void,
  ) {}

  get manifest(): URL {
    return this.choice.manifest;
  }

  get providers(): readonly Provider[] | undefined {
    return this.choice.providers;
  }

  /** Runs what the manifest offers first, because nothing else was chosen. */
  get isDefault(): boolean {
    const { model, variant, own } = this.choice;
    return model === undefined && variant === undefined && own === undefined;
  }

  /**
   * Runs another model, on the providers that were asked for. If it cannot be started, the one before it is started
   * again.
   *
   * @throws What kept it from starting.
   */
  async change(to: Pick<EngineChoice, "model" | "variant" | "own">): Promise<void> {
    const before = this.choice;
    const { manifest, providers, instant } = before;
    this.choice = { manifest, providers, instant, ...to };
    await this.load();
    const phase = this.phase.peek();
    if (phase.state !== "failed") return;
    this.choice = before;
    await this.load();
    throw phase.error;
  }

  /** Never rejects: a failure is a phase. */
  async load(providers: readonly Provider[] | undefined = this.choice.providers): Promise<void> {
    this.segmenter.peek()?.dispose();
    this.phase.value = { state: "loading", progress: null };
    const { manifest, remembered, instant } = this.choice;
    const { signal } = this.stopped;
    try {
      const segmenter = await this.open({
        providers,
        onProgress: (progress) => (this.phase.value = { state: "loading", progress }),
        onLost: (error) => this.replace(error, segmenter.info.provider, providers ?? everywhere),
      });
      if (signal.aborted) return segmenter.dispose();
      this.phase.value = { state: "running", segmenter };
    } catch (error) {
      if (signal.aborted) return;
      if (remembered && error instanceof EngineError && error.code === "manifest") {
        this.choice = { manifest, providers: this.choice.providers, instant };
        return this.load(providers);
      }
      this.phase.value = { state: "failed", error };
    }
  }

  /** A fresh worker takes over from the one that runs, where it can be had; photos follow. Never rejects. */
  async renew(): Promise<void> {
    const worn = this.segmenter.peek();
    if (!worn) return;
    const { provider } = worn.info;
    try {
      const fresh = await this.open({
        providers: [provider],
        onLost: (error) => this.replace(error, provider, this.choice.providers ?? everywhere),
      });
      if (this.segmenter.peek() !== worn || this.stopped.signal.aborted) return fresh.dispose();
      this.phase.value = { state: "running", segmenter: fresh };
      worn.dispose();
    } catch {
      // The worn one goes on.
    }
  }

  /** No provider was asked for, so the fastest one may be chosen. */
  get isFree(): boolean {
    return this.choice.providers === undefined;
  }

  /**
   * The model that runs, on another provider and in a worker of its own.
   *
   * @throws EngineError as `Segmenter.load` does, or `aborted` where none runs.
   */
  async beside(provider: Provider, signal: AbortSignal): Promise<Segmenter> {
    const info = this.segmenter.peek()?.info;
    if (!info) throw new EngineError("aborted", "No model runs.");
    const { manifest, own } = this.choice;
    const options = { providers: [provider], signal };
    return own
      ? Segmenter.loadOwn(own, options)
      : Segmenter.load(manifest, { ...options, model: info.model.id, variant: info.variant });
  }

  private open(how: Pick<LoadOptions, "providers" | "onProgress" | "onLost">): Promise<Segmenter> {
    const { manifest, model, variant, own, instant } = this.choice;
    const options = { ...how, prefer: preferred, signal: this.stopped.signal };
    return own
      ? Segmenter.loadOwn(own, options)
      : Segmenter.load(manifest, { ...options, model, variant, instant: this.isDefault && instant?.() });
  }

  /** For good: frees all it holds. */
  stop(): void {
    this.stopped.abort();
    this.segmenter.peek()?.dispose();
    this.phase.value = { state: "loading", progress: null };
  }

  /** A device that was lost may be lost again: the next one takes over. The last one is tried once more. */
  private replace(error: EngineError, lost: Provider, providers: readonly Provider[]): void {
    this.onLost(error, lost);
    const others = providers.slice(providers.indexOf(lost) + 1);
    void this.load(others.length ? others : [lost]);
  }
}
