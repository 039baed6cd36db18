/** A fresh worker with the engine in it. */
import { wrap } from "comlink";
import { findAdapter } from "./adapter";
import type { WorkerApi } from "./protocol";
import type { Connection, Machine } from "./start";

export const thisMachine: Machine = {
  get cores() {
    return navigator.hardwareConcurrency || 1;
  },
  get isolated() {
    return globalThis.crossOriginIsolated === true;
  },
  get sharesMemory() {
    return typeof SharedArrayBuffer !== "undefined";
  },
  lacksGpu: () => (lacking ??= lacksGpu()),
  connect,
};

/** Asked once: where there is no adapter, Chromium writes a warning each time. */
let lacking: Promise<string | null> | null = null;

const lacksGpu = (): Promise<string | null> =>
  findAdapter({ forced: false }).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

function connect(): Connection {
  const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module", name: "tapmask-engine" });
  const died = new Promise<string>((resolve) => {
    worker.addEventListener("error", (event) =>
      resolve(`The worker failed: ${event.message || "its script could not be loaded"}.`),
    );
    worker.addEventListener("messageerror", () => resolve("The worker sent something that cannot be read."));
  });
  return { api: wrap<WorkerApi>(worker), died, terminate: () => worker.terminate() };
}
