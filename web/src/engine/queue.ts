/**
 * One thing at a time, the most urgent first, the newest of its kind only.
 *
 * Overlapping runs stall WebGPU, and a WASM run blocks its worker's message loop, so the queue lives with the client:
 * there it can drop what has become pointless while the worker is busy.
 */
import { EngineError } from "./errors";

export type JobKind = "encode" | "tap" | "hover" | "look" | "save" | "everything";
const urgency: Record<JobKind, number> = { encode: 0, tap: 1, hover: 2, look: 3, save: 4, everything: 5 };

interface Job {
  readonly kind: JobKind;
  /** A waiting job is replaced by a newer one of the same kind and key; null is never replaced. */
  readonly key: number | null;
  readonly start: () => Promise<void>;
  readonly reject: (error: EngineError) => void;
}

export interface JobOptions {
  key?: number | null;
  signal?: AbortSignal;
}

export const aborted = (message: string): EngineError => new EngineError("aborted", message);

export class RunQueue {
  private waiting: Job[] = [];
  private running: Job | null = null;
  private closed: EngineError | null = null;

  /**
   * Runs `work` when its turn has come. Rejects with `aborted` when the signal fires (at once, even while `work` runs:
   * its result is dropped), when a newer job replaces it, and with the queue's own error when that is closed.
   */
  run<T>(kind: JobKind, work: () => Promise<T>, { key = null, signal }: JobOptions = {}): Promise<T> {
    if (this.closed) return Promise.reject(this.closed);
    if (signal?.aborted) return Promise.reject(aborted("Aborted before it was asked."));
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => {
        this.waiting = this.waiting.filter((other) => other !== job);
        reject(aborted("Aborted."));
      };
      const job: Job = {
        kind,
        key,
        start: () =>
          work()
            .then(resolve, reject)
            .finally(() => signal?.removeEventListener("abort", onAbort)),
        reject: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.enqueue(job);
    });
  }

  /** Rejects what runs, all that waits, and all that comes later. False: it was closed already. */
  close(error: EngineError): boolean {
    if (this.closed) return false;
    this.closed = error;
    for (const job of this.waiting.splice(0)) job.reject(error);
    this.running?.reject(error);
    return true;
  }

  private enqueue(job: Job): void {
    const older =
      job.key === null ? -1 : this.waiting.findIndex((other) => other.kind === job.kind && other.key === job.key);
    if (older >= 0) this.waiting.splice(older, 1)[0]!.reject(aborted("A newer request took its place."));
    const behind = this.waiting.findIndex((other) => urgency[other.kind] > urgency[job.kind]);
    this.waiting.splice(behind < 0 ? this.waiting.length : behind, 0, job);
    if (!this.running) void this.drain();
  }

  private async drain(): Promise<void> {
    for (;;) {
      this.running = this.waiting.shift() ?? null;
      if (!this.running) return;
      await this.running.start();
    }
  }
}
