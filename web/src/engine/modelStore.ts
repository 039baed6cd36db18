/**
 * Brings a model's files: from a cache when one has them, from the network otherwise, and never unverified.
 *
 * - The sha256 in the manifest decides what a file is, every time it is read. A cached entry that is damaged, half
 *   written or not the file at all is deleted and fetched again, so a bad download or an error page cannot stick.
 * - Any cache of this origin will do. The service worker precaches the default model under the file's own address;
 *   where it did, a second copy of ours would only cost storage, and an older one is dropped. What no cache has goes
 *   into ours.
 * - A fetch may be answered by the service worker or the HTTP cache. If what comes is wrong, it is fetched once more
 *   past both: with `cache: "reload"` and a query that no precache entry has.
 * - A storage that does not answer for half a minute, as a broken or very busy one may not, counts as having none.
 * - Without room in the storage the model stays in memory. Without a secure context there is neither Cache Storage nor
 *   sha256, and only the length is checked. Both are reported, neither is an error.
 */
import type { ModelFile } from "./core/manifest";
import { EngineError } from "./errors";
import { aborted } from "./queue";
import { within } from "./within";

const cacheName = "tapmask-models";
const patience = 30_000; // milliseconds

export interface StoredFile {
  bytes: Uint8Array<ArrayBuffer>;
  /** Will it be there next time? */
  cached: boolean;
  /** Was its sha256 checked, or only its length? */
  verified: boolean;
}

export interface FetchOptions {
  /** Bytes of this file so far. */
  onBytes?(loaded: number): void;
  signal?: AbortSignal;
}

/** @throws EngineError `download`, `damaged` or `aborted`. */
export async function loadFile(file: ModelFile, url: URL, options: FetchOptions = {}): Promise<StoredFile> {
  const verified = canHash();
  const kept = await answered(readCaches(file, url), null);
  if (kept) {
    options.onBytes?.(file.bytes);
    return { bytes: kept, cached: true, verified };
  }
  const bytes = await download(file, url, options);
  return { bytes, cached: await answered(keep(file, url, bytes), false), verified };
}

/** Forgets files that the manifest names no more. */
export async function forgetOthers(addresses: readonly string[]): Promise<void> {
  const cache = await openCache();
  if (!cache) return;
  const wanted = new Set(addresses);
  for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
}

/** The last manifest that was fetched, for when the network is off. */
export async function keepManifest(url: URL, text: string): Promise<void> {
  await answered(putManifest(url, text), undefined);
}

export function keptManifest(url: URL): Promise<string | null> {
  return answered(readManifest(url), null);
}

async function putManifest(url: URL, text: string): Promise<void> {
  const cache = await openCache();
  await cache
    ?.put(url.href, new Response(text, { headers: { "Content-Type": "application/json" } }))
    .catch(() => undefined);
}

async function readManifest(url: URL): Promise<string | null> {
  const answer = await (await openCache())?.match(url.href);
  return answer ? answer.text() : null;
}

/**
 * Where a file is kept: in our own cache, or by the service worker with the page itself. Nothing is read, so nothing is
 * checked.
 */
export async function keptWhere(url: URL): Promise<"ours" | "page" | null> {
  if (!("caches" in globalThis)) return null;
  try {
    for (const name of await caches.keys())
      if (await (await caches.open(name)).match(url.href, { ignoreVary: true }))
        return name === cacheName ? "ours" : "page";
  } catch {
    // storage switched off or broken
  }
  return null;
}

/** Drops our copy of a file. */
export async function dropFile(url: URL): Promise<void> {
  await (await openCache())?.delete(url.href);
}

async function readCaches(file: ModelFile, url: URL): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!("caches" in globalThis)) return null;
  try {
    // Ours last: it is the one to drop when another has the file.
    const names = (await caches.keys()).filter((name) => name !== cacheName);
    for (const name of names) {
      const bytes = await readCache(await caches.open(name), file, url);
      if (!bytes) continue;
      await (await openCache())?.delete(url.href);
      return bytes;
    }
    return await readCache(await caches.open(cacheName), file, url);
  } catch {
    return null; // storage switched off or broken: there is still the network
  }
}

async function readCache(cache: Cache, file: ModelFile, url: URL): Promise<Uint8Array<ArrayBuffer> | null> {
  const answer = await cache.match(url.href, { ignoreVary: true });
  if (!answer) return null;
  const bytes = await answer
    .arrayBuffer()
    .then((buffer) => new Uint8Array(buffer))
    .catch(() => null);
  if (bytes && (await isGenuine(bytes, file))) return bytes;
  await cache.delete(url.href, { ignoreVary: true });
  return null;
}

async function keep(file: ModelFile, url: URL, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const cache = await openCache();
  if (!cache) return false;
  const headers = { "Content-Type": "application/octet-stream", "Content-Length": String(file.bytes) };
  return cache.put(url.href, new Response(bytes, { headers })).then(
    () => true,
    () => false, // no room
  );
}

async function download(file: ModelFile, url: URL, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await fetchBytes(file, url, options);
  if (await isGenuine(bytes, file)) return bytes;
  options.onBytes?.(0);
  const past = new URL(url);
  past.searchParams.set("fresh", String(Date.now()));
  const again = await fetchBytes(file, past, { ...options, cache: "reload" });
  if (await isGenuine(again, file)) return again;
  const size =
    again.length === file.bytes
      ? "its content is not what the manifest says"
      : `it has ${again.length} bytes instead of ${file.bytes}`;
  throw new EngineError("damaged", `The model file ${file.file} is damaged: ${size}.`);
}

/** Collects chunks as they come. Content-Length is no help: under compression it counts other bytes than these. */
async function fetchBytes(
  file: ModelFile,
  url: URL,
  { onBytes, signal, cache }: FetchOptions & { cache?: RequestCache },
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  try {
    const answer = await fetch(url, { signal, cache });
    if (!answer.ok || !answer.body)
      throw new EngineError(
        "download",
        `The model file ${file.file} could not be fetched: the server answered ${answer.status}.`,
      );
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      loaded += part.value.length;
      onBytes?.(Math.min(loaded, file.bytes));
    }
  } catch (error) {
    if (signal?.aborted) throw aborted("The download was aborted.");
    if (error instanceof EngineError) throw error;
    throw new EngineError("download", `The model file ${file.file} could not be fetched: the connection failed.`, {
      cause: error,
    });
  }
  return join(chunks, loaded);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Is it the file that the manifest means? */
export async function isGenuine(bytes: Uint8Array<ArrayBuffer>, file: ModelFile): Promise<boolean> {
  if (bytes.length !== file.bytes) return false;
  if (!canHash()) return true;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === file.sha256;
}

const canHash = (): boolean => globalThis.crypto?.subtle !== undefined;

const openCache = (): Promise<Cache | null> =>
  "caches" in globalThis ? caches.open(cacheName).catch(() => null) : Promise.resolve(null);

/** What the storage answers, or `otherwise` where it takes too long. */
const answered = <T>(asked: Promise<T>, otherwise: T): Promise<T> => within(patience, asked, () => otherwise);
