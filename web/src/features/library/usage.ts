/** How much is kept on this device, by kind. */
import type { Store } from "./store";

export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

export interface Usage {
  readonly photos: Amount;
  readonly embeddings: Amount;
  readonly models: Amount;
  /** All of this site, the app itself too, as the browser estimates it. Null: it does not say. */
  readonly total: number | null;
  /** What the browser would let this site have. */
  readonly quota: number | null;
  /** The browser has promised not to make room by itself. Null: it makes no promises. */
  readonly persisted: boolean | null;
}

export async function measure(store: Store): Promise<Usage> {
  const photos = await store.photos();
  const embeddings = await store.embeddingsFacts();
  const estimate = await navigator.storage?.estimate?.().catch(() => null);
  return {
    photos: sum(photos.map(({ blob, thumbnail }) => blob.size + (thumbnail?.size ?? 0))),
    embeddings: sum(embeddings.map(({ bytes }) => bytes)),
    models: sum((await modelEntries()).map(({ bytes }) => bytes)),
    total: estimate?.usage ?? null,
    quota: estimate?.quota ?? null,
    persisted: (await navigator.storage?.persisted?.().catch(() => null)) ?? null,
  };
}

/** Asks the browser to keep what is here when space runs low. @returns Its answer. */
export const askToPersist = async (): Promise<boolean> =>
  (await navigator.storage?.persist?.().catch(() => false)) ?? false;

/** Deletes every copy of a model; the running one stays in memory. */
export async function deleteModels(): Promise<void> {
  for (const { cache, request } of await modelEntries()) await cache.delete(request, { ignoreVary: true });
}

const sum = (sizes: readonly number[]): Amount => ({
  count: sizes.length,
  bytes: sizes.reduce((total, size) => total + size, 0),
});

interface ModelEntry {
  readonly cache: Cache;
  readonly request: Request;
  readonly bytes: number;
}

/** In any cache: the service worker keeps the default model, the engine the others. */
async function modelEntries(): Promise<readonly ModelEntry[]> {
  const entries: ModelEntry[] = [];
  try {
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        if (!new URL(request.url).pathname.endsWith(".onnx")) continue;
        const answer = await cache.match(request, { ignoreVary: true });
        if (answer) entries.push({ cache, request, bytes: await sizeOf(answer) });
      }
    }
  } catch {
    // Switched off: nothing is kept.
  }
  return entries;
}

/** Under compression Content-Length counts other bytes than these. */
async function sizeOf(answer: Response): Promise<number> {
  const said = Number(answer.headers.get("Content-Length"));
  return said && !answer.headers.has("Content-Encoding") ? said : (await answer.blob()).size;
}
