/** The page's side of the output worker. It has the photo at full size, and ends with the sheet that needs it. */
import { proxy, transfer, wrap, type Remote } from "comlink";
import { decodeFull } from "../decode/client";
import type { Job, OutputApi, OutputErrorCode, OutputOutcome, PlannedFile } from "./shared/protocol";

export class MakingError extends Error {
  override readonly name = "MakingError";

  constructor(readonly code: OutputErrorCode | "stopped") {
    super(code);
  }
}

interface Connection {
  readonly api: Remote<OutputApi>;
  readonly ended: Promise<OutputOutcome<never> | null>;
  end(outcome: OutputOutcome<never> | null): void;
}

export class Maker {
  private connection: Promise<Connection> | null = null;
  private backdrop: Blob | null = null;
  private stops = 0;

  constructor(private readonly photo: { readonly blob: Blob }) {}

  /** @throws PixelError, MakingError */
  preview(job: Job, side: number): Promise<ImageBitmap> {
    return this.call((api) => api.preview(job, side));
  }

  /** @throws PixelError, MakingError */
  make(job: Job): Promise<Blob> {
    return this.call((api) => api.make(job));
  }

  /** @throws PixelError, MakingError */
  archive(files: readonly PlannedFile[], onFile: (done: number) => void): Promise<Blob> {
    return this.call((api) => api.archive(files, proxy(onFile)));
  }

  /** Another photo to put objects in front of. @throws PixelError where it cannot be read. */
  async setBackdrop(file: Blob): Promise<void> {
    const picture = await decodeFull(file);
    this.backdrop = file;
    const { api } = await this.connect();
    await api.setBackdrop(transfer(picture, [picture]));
  }

  /** Ends whatever is being made, and frees the photo. */
  stop(): void {
    this.stops++;
    void this.connection?.then(({ end }) => end(null)).catch(() => undefined);
    this.connection = null;
  }

  private async call<T>(ask: (api: Remote<OutputApi>) => Promise<OutputOutcome<T>>): Promise<T> {
    const stops = this.stops;
    const { api, ended } = await this.connect();
    const outcome = await Promise.race([ask(api), ended]);
    if (!outcome || stops !== this.stops) throw new MakingError("stopped");
    if (outcome.ok) return outcome.value;
    throw new MakingError(outcome.code);
  }

  private connect(): Promise<Connection> {
    const connecting = (this.connection ??= this.start());
    connecting.catch(() => {
      if (this.connection === connecting) this.connection = null;
    });
    return connecting;
  }

  private async start(): Promise<Connection> {
    const stops = this.stops;
    const photo = await decodeFull(this.photo.blob);
    const backdrop = this.backdrop && (await decodeFull(this.backdrop));
    if (stops !== this.stops) {
      photo.close();
      backdrop?.close();
      throw new MakingError("stopped");
    }
    const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), {
      type: "module",
      name: "tapmask-output",
    });
    const { promise: ended, resolve } = deferred<OutputOutcome<never> | null>();
    const end = (outcome: OutputOutcome<never> | null): void => {
      worker.terminate();
      resolve(outcome);
    };
    // A worker may just die, without a word; the next call gets a fresh one.
    worker.addEventListener("error", () => {
      this.connection = null;
      end({ ok: false, code: "failed" });
    });
    const api = wrap<OutputApi>(worker);
    await Promise.race([api.open(transfer(photo, [photo])), ended]);
    if (backdrop) await Promise.race([api.setBackdrop(transfer(backdrop, [backdrop])), ended]);
    return { api, ended, end };
  }
}

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
