/**
 * Finds a provider that runs the model truly: one at a time, each in a fresh worker, because a failed start leaves
 * onnxruntime-web unable to start again.
 */
import type { Remote } from "comlink";
import { proxy, transfer } from "comlink";
import { selfTestBitmap } from "./bitmap";
import { runAs } from "./core/manifest";
import { EngineError } from "./errors";
import type { Setup, Started, StartStage, WorkerApi } from "./protocol";
import { aborted } from "./queue";
import type { Attempt, NoThreads, Provider, RuntimeInfo } from "./types";
import { within } from "./within";

/** A worker with the engine in it. `died` settles when it can answer no more. */
export interface Connection {
  readonly api: Remote<WorkerApi>;
  readonly died: Promise<string>;
  terminate(): void;
}

export interface Machine {
  readonly cores: number;
  /** Cross-origin isolated, without which no browser lets threads share memory. */
  readonly isolated: boolean;
  /** Some browsers do not, even then. */
  readonly sharesMemory: boolean;
  /** Why WebGPU cannot run a model here; null: it can, as far as the page can tell. */
  lacksGpu(): Promise<string | null>;
  connect(): Connection;
}

export interface StartOptions {
  providers: readonly Provider[];
  setup: Omit<Setup, "provider" | "threads" | "forced" | "probe" | "encoder" | "decoder">;
  /** The graphs that a provider runs; asked for when its turn has come. @throws EngineError */
  graphs(provider: Provider): Promise<Pick<Setup, "encoder" | "decoder">>;
  onStage?(stage: StartStage, provider: Provider): void;
  onLost(message: string): void;
  signal?: AbortSignal;
  /** How long a start may take. Threads are known to hang forever on some phones, shader compilers to be slow. */
  patience?: Record<Provider, number>;
}

export interface Running {
  connection: Connection;
  provider: Provider;
  threads: number;
  runtime: RuntimeInfo;
  tried: Attempt[];
  /** Bitmaps reach the worker with their pixels. */
  bitmapsArrive: boolean;
}

const minutes = 60_000;
const defaultPatience: Record<Provider, number> = {
  webgpu: 3 * minutes,
  "wasm-threads": 1.5 * minutes,
  wasm: 10 * minutes,
};
const mostThreads = 4;

/** @throws EngineError `no-provider` with every reason in its message, or `aborted`. */
export async function startProvider(machine: Machine, options: StartOptions): Promise<Running> {
  const tried: Attempt[] = [];
  for (const provider of options.providers) {
    const threads = provider === "wasm-threads" ? Math.min(machine.cores, mostThreads) : 1;
    const lacking = await missing(provider, machine, options);
    if (lacking) {
      tried.push({ provider, outcome: "skipped", reason: lacking });
      continue;
    }
    const graphs = await options.graphs(provider);
    const connection = machine.connect();
    const started = await attempt(connection, provider, threads, graphs, options);
    const { outcome, reason, runtime = { name: "", files: [] }, bitmapsFail } = started;
    tried.push({ provider, outcome, reason });
    if (outcome === "running") return { connection, provider, threads, runtime, tried, bitmapsArrive: !bitmapsFail };
    connection.terminate();
  }
  throw new EngineError(
    "no-provider",
    `The model runs nowhere here. ${tried.map(({ provider, reason }) => `${provider}: ${reason}`).join(" ")}`,
  );
}

/** What can be told without a worker. */
async function missing(
  provider: Provider,
  machine: Machine,
  { providers, setup }: StartOptions,
): Promise<string | null> {
  const meantFor = setup.variant.providers;
  const family = provider === "webgpu" ? "webgpu" : "wasm";
  if (providers.length > 1 && !meantFor.includes(family))
    return `This variant is meant for ${meantFor.join(" and ")} only.`;
  if (provider === "webgpu") return providers.length > 1 ? machine.lacksGpu() : null;
  if (provider !== "wasm-threads") return null;
  const lacking = noThreads(machine);
  return lacking && threadless[lacking];
}

const threadless: Record<NoThreads, string> = {
  "not-isolated": "The page is not cross-origin isolated, so there are no threads.",
  "no-shared-memory":
    "This browser has no SharedArrayBuffer, although the page is cross-origin isolated, so there are no threads.",
  "one-core": "There is only one processor core.",
};

export function noThreads({ isolated, sharesMemory, cores }: Machine): NoThreads | null {
  if (!isolated) return "not-isolated";
  if (!sharesMemory) return "no-shared-memory";
  return cores < 2 ? "one-core" : null;
}

async function attempt(
  connection: Connection,
  provider: Provider,
  threads: number,
  graphs: Pick<Setup, "encoder" | "decoder">,
  options: StartOptions,
): Promise<Started> {
  const { onStage, onLost, signal, providers } = options;
  const setup = { ...options.setup, ...graphs, variant: runAs(options.setup.variant, provider) };
  const cleanup = new AbortController();
  const probe = await selfTestBitmap(setup.variant.self_test);
  try {
    const started = Promise.race([
      connection.api.start(
        transfer({ ...setup, provider, threads, forced: providers.length === 1, probe }, probe ? [probe] : []),
        proxy((stage: StartStage) => onStage?.(stage, provider)),
        proxy(onLost),
      ),
      connection.died.then((reason): Started => ({ outcome: "failed", reason })),
      abortion(signal, cleanup.signal),
    ]);
    const patience = (options.patience ?? defaultPatience)[provider];
    return await within(patience, started, () => ({
      outcome: "failed",
      reason: `It did not start within ${Math.round(patience / 1000)} seconds.`,
    }));
  } catch (error) {
    if (error instanceof EngineError) {
      connection.terminate();
      throw error;
    }
    return { outcome: "failed", reason: String(error) };
  } finally {
    cleanup.abort();
  }
}

const abortion = (signal: AbortSignal | undefined, done: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = () => reject(aborted("Loading was aborted."));
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { signal: done });
  });
