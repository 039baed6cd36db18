/** The running model: loads it, tells how far that is, and starts it elsewhere when its device is lost. */
import { computed, signal } from "@preact/signals";
import { Segmenter, type EngineError, type Progress, type Provider } from "../engine/segmenter";

export interface EngineChoice {
  readonly manifest: URL;
  readonly model?: string;
  readonly variant?: string;
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
  readonly segmenter = computed(() => (this.phase.value.state === "running" ? this.phase.value.segmenter : null));

  /** @param onLost Called when the running provider is gone; another one is being started. */
  constructor(
    private readonly choice: EngineChoice,
    private readonly onLost: (error: EngineError, lost: Provider) => void,
  ) {}

  /** Never rejects: a failure is a phase. */
  async load(providers: readonly Provider[] | undefined = this.choice.providers): Promise<void> {
    this.segmenter.peek()?.dispose();
    this.phase.value = { state: "loading", progress: null };
    const { manifest, model, variant } = this.choice;
    try {
      const segmenter: Segmenter = await Segmenter.load(manifest, {
        model,
        variant,
        providers,
        onProgress: (progress) => (this.phase.value = { state: "loading", progress }),
        onLost: (error) => this.replace(error, segmenter.info.provider, providers ?? everywhere),
      });
      this.phase.value = { state: "running", segmenter };
    } catch (error) {
      this.phase.value = { state: "failed", error };
    }
  }

  /** A device that was lost may be lost again: the next one takes over. The last one is tried once more. */
  private replace(error: EngineError, lost: Provider, providers: readonly Provider[]): void {
    this.onLost(error, lost);
    const others = providers.slice(providers.indexOf(lost) + 1);
    void this.load(others.length ? others : [lost]);
  }
}
