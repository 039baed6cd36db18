/** Stand-ins for what lies outside the engine: the network, the cache storage, the worker. */
import { createHash } from "node:crypto";
import type { ModelFile } from "../../src/engine/core/manifest";
import type { SavedEmbeddings } from "../../src/engine/embeddings";
import type { Outcome, Started, WorkerApi } from "../../src/engine/protocol";
import type { Connection, Machine } from "../../src/engine/start";
import type { Segmentation } from "../../src/engine/types";

export const origin = "https://app.test/";
export const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

export function modelFile(part: string, content: string): ModelFile {
  const hash = sha256(content);
  return {
    file: `tiny-${part}.fp32.${hash.slice(0, 8)}.onnx`,
    bytes: content.length,
    sha256: hash,
    inputs: [],
    outputs: [],
  };
}

/** Answers by address, without its query; a list is answered from one by one, its last entry again and again. */
export class FakeNetwork {
  readonly asked: { url: string; cache: RequestCache | undefined }[] = [];
  private readonly answers = new Map<string, (() => Response | Promise<Response>)[]>();
  online = true;

  serve(url: string | URL, ...answers: (string | (() => Response | Promise<Response>))[]): void {
    this.answers.set(
      String(url),
      answers.map((answer) => (typeof answer === "string" ? () => new Response(answer) : answer)),
    );
  }

  fetch = async (input: string | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    this.asked.push({ url: url.href, cache: init.cache });
    init.signal?.throwIfAborted();
    const answers = this.answers.get(url.origin + url.pathname);
    if (!this.online) throw new TypeError("Failed to fetch");
    if (!answers?.length) return new Response("<html>not found</html>", { status: 404 });
    return (answers.length > 1 ? answers.shift()! : answers[0]!)();
  };
}

export class FakeCaches {
  readonly stores = new Map<string, Map<string, Uint8Array>>();
  full = false;

  keys = async () => [...this.stores.keys()];

  open = async (name: string) => {
    const store = this.stores.get(name) ?? new Map<string, Uint8Array>();
    this.stores.set(name, store);
    return {
      match: async (url: string) => (store.has(url) ? new Response(store.get(url)!.slice()) : undefined),
      put: async (url: string, response: Response) => {
        if (this.full) throw new DOMException("no room", "QuotaExceededError");
        store.set(url, new Uint8Array(await response.arrayBuffer()));
      },
      delete: async (request: string | { url: string }) =>
        store.delete(typeof request === "string" ? request : request.url),
      keys: async () => [...store.keys()].map((url) => ({ url })),
    };
  };

  /** What a cache holds at an address, as text. */
  text(name: string, url: string | URL): string | undefined {
    const bytes = this.stores.get(name)?.get(String(url));
    return bytes && new TextDecoder().decode(bytes);
  }

  async fill(name: string, url: string | URL, text: string): Promise<void> {
    await (await this.open(name)).put(String(url), new Response(text));
  }
}

/** A promise that the test settles itself. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((res, rej) => ([resolve, reject] = [res, rej]));
  return { promise, resolve, reject };
}

export const answer = (best = 0): Outcome<Segmentation> => ({
  ok: true,
  value: { masks: [], scores: [0.1, 0.2, 0.3], tokens: [1, 2, 3], best },
});

/** What the encoder of `sampleManifest` would make of a photo of 40 × 30. */
export const embeddings = (): SavedEmbeddings => ({
  width: 40,
  height: 30,
  tensors: { image_embeddings: { type: "float32", dims: [1, 8, 4, 4], data: new Float32Array(128).fill(0.5) } },
});

export interface FakeWorker {
  readonly api: { [Name in keyof WorkerApi]: (...args: Parameters<WorkerApi[Name]>) => ReturnType<WorkerApi[Name]> };
  terminated: boolean;
  die(reason: string): void;
}

/** A machine whose workers answer as told; each `connect` makes a new one. */
export function fakeMachine(
  start: WorkerApi["start"],
  rest: Partial<FakeWorker["api"]> = {},
  facts: Partial<Pick<Machine, "cores" | "isolated" | "sharesMemory" | "lacksGpu">> = {},
) {
  const workers: FakeWorker[] = [];
  const machine: Machine = {
    cores: 4,
    isolated: true,
    sharesMemory: true,
    lacksGpu: async () => null,
    ...facts,
    connect: () => {
      const death = deferred<string>();
      const worker: FakeWorker = {
        api: {
          start,
          encode: async () => ({ ok: true, value: "read" }),
          save: async () => ({ ok: true, value: embeddings() }),
          restore: async () => ({ ok: true, value: null }),
          segment: async () => answer(),
          spot: async () => ({ ok: true, value: [] }),
          explore: async () => ({ ok: true, value: [] }),
          select: async (_, bars) => ({ ok: true, value: { kept: [], bar: bars[0]! } }),
          answer: async () => ({ ok: true, value: [] }),
          release: () => undefined,
          inspect: async () => ({ ok: true, value: { result: "size-unknown" } }),
          memory: async () => ({ ok: true, value: { wasm: 1, script: null } }),
          ...rest,
        },
        terminated: false,
        die: death.resolve,
      };
      workers.push(worker);
      return {
        api: worker.api as unknown as Connection["api"],
        died: death.promise,
        terminate: () => void (worker.terminated = true),
      };
    },
  };
  return { machine, workers };
}

export const running: Started = { outcome: "running", reason: "The self-test passed." };
