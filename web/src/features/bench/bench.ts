/** Measures one model on every provider of this device, one after the other. */
import { signal } from "@preact/signals";
import { EngineError, Segmenter, type EngineInfo, type LoadOptions, type Provider } from "../../engine/segmenter";
import { drawPhoto } from "../../state/drawnPhoto";
import type { EngineChoice } from "../../state/engine";
import { judge, remember } from "../../state/verdicts";
import { measureSpeed, type Amount, type Speed } from "../../state/speed";

export const photoSize = { width: 1600, height: 1200 } as const;

/** What a provider came to. */
export type Row =
  | {
      readonly provider: Provider;
      readonly info: EngineInfo;
      /** Milliseconds from the files to the end of the self-test. */
      readonly start: number;
      readonly speed: Speed;
    }
  | { readonly provider: Provider; readonly reason: string };

const everywhere: readonly Provider[] = ["webgpu", "wasm-threads", "wasm"];
/** Milliseconds for a provider, its start included, so that three of them are done within a minute. There is one photo and one tap at least. */
const share = 19_000;
/** It hangs. */
const tooLong = 60_000;

const amountWithin = (time: number): Amount => ({
  encodes: 6,
  taps: 40,
  patience: Math.min(5000, Math.max(0, time / 2)),
});

export type Loader = (options: LoadOptions) => Promise<Segmenter>;

/** The model that the page would run; where the manifest's default has a smaller one before it, the default. */
export const loaderOf =
  ({ manifest, model, variant, own }: EngineChoice): Loader =>
  (options) =>
    own === undefined ? Segmenter.load(manifest, { ...options, model, variant }) : Segmenter.loadOwn(own, options);

export class Bench {
  readonly rows = signal<readonly Row[]>([]);
  /** What is being measured. Null: all is done. */
  readonly running = signal<Provider | null>(null);

  constructor(
    private readonly load: Loader,
    readonly providers: readonly Provider[] = everywhere,
    private readonly limit = tooLong,
    private readonly photo: () => ImageBitmap | ImageData = () => drawPhoto(photoSize.width, photoSize.height),
  ) {}

  /** Never rejects: what fails is a row that says why. */
  async run(): Promise<void> {
    if (this.running.peek()) return;
    this.rows.value = [];
    for (const provider of this.providers) {
      this.running.value = provider;
      // Side by side they would share the cores.
      // oxlint-disable-next-line no-await-in-loop
      this.rows.value = [...this.rows.peek(), await this.measure(provider)];
    }
    this.running.value = null;
    this.conclude();
  }

  /** The page goes by these figures, too. */
  private conclude(): void {
    const measured = this.rows.peek().filter((row) => "info" in row);
    const info = measured[0]?.info;
    if (info && measured.length > 1) remember(info, judge(measured.map(({ provider, speed }) => [provider, speed])));
  }

  private async measure(provider: Provider): Promise<Row> {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let segmenter: Segmenter | null = null;
    try {
      segmenter = await this.load({
        providers: [provider],
        signal: stop.signal,
        // The download is not what is measured.
        onProgress: ({ stage }) => {
          if (stage !== "download") timer ??= setTimeout(() => stop.abort(), this.limit);
        },
      });
      const running = segmenter;
      stop.signal.addEventListener("abort", () => running.dispose());
      const { start } = running.timings.load;
      const speed = await measureSpeed(running, this.photo(), amountWithin(share - start));
      return { provider, info: running.info, start, speed };
    } catch (error) {
      const reason = stop.signal.aborted
        ? `It was not done within ${Math.round(this.limit / 1000)} seconds.`
        : explain(error);
      return { provider, reason };
    } finally {
      clearTimeout(timer);
      segmenter?.dispose();
    }
  }
}

const explain = (error: unknown): string =>
  error instanceof EngineError ? error.message : `It failed: ${error instanceof Error ? error.message : String(error)}`;
