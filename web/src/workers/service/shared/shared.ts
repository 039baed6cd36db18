/**
 * Shared photos on their way from the service worker, which receives them, to the page, which takes them out. Used on
 * both sides.
 */

const cacheName = "tapmask-shared";
const nameHeader = "X-Name";
/** A page that should have taken them out never came. */
const hour = 3_600_000;

/** An address that only this cache knows; `id` begins with the time. */
const address = (id: string, number: number): string => `shared-photo/${id}/${number}`;

/** @returns What to ask for them with. @throws DOMException Storage is full. */
export async function keepShared(files: readonly File[], now = Date.now()): Promise<string> {
  const cache = await caches.open(cacheName);
  for (const request of await cache.keys())
    if (Number(idOf(request).split("-")[0]) < now - hour) await cache.delete(request);
  const id = `${now}-${Math.random().toString(36).slice(2, 8)}`;
  for (const [number, file] of files.entries()) {
    const headers = {
      "Content-Type": file.type || "application/octet-stream",
      [nameHeader]: encodeURIComponent(file.name),
    };
    await cache.put(address(id, number), new Response(file, { headers }));
  }
  return id;
}

/** Takes them out: a second call finds nothing. */
export async function takeShared(id: string): Promise<File[]> {
  const cache = await caches.open(cacheName);
  const files: File[] = [];
  for (const request of await cache.keys()) {
    if (idOf(request) !== id) continue;
    const answer = await cache.match(request);
    const name = decodeURIComponent(answer?.headers.get(nameHeader) ?? "");
    if (answer)
      files.push(new File([await answer.blob()], name || "shared", { type: answer.headers.get("Content-Type") ?? "" }));
    await cache.delete(request);
  }
  return files;
}

const idOf = (request: Request): string => new URL(request.url).pathname.split("/").at(-2) ?? "";
