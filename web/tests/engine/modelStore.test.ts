import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadManifest } from "../../src/engine/manifestSource";
import { forgetOthers, loadFile } from "../../src/engine/modelStore";
import { sampleManifest } from "../support";
import { FakeCaches, FakeNetwork, modelFile, origin } from "./fakes";

const content = "the weights of a very small model";
const file = modelFile("encoder", content);
const url = new URL(`models/${file.file}`, origin);
const ours = "tapmask-models";
let network: FakeNetwork;
let storage: FakeCaches;

beforeEach(() => {
  network = new FakeNetwork();
  storage = new FakeCaches();
  vi.stubGlobal("fetch", network.fetch);
  vi.stubGlobal("caches", storage);
  network.serve(url, content);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const load = (options = {}) => loadFile(file, url, options);
const text = async (result: ReturnType<typeof load>) => new TextDecoder().decode((await result).bytes);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: { code: string; message: string }) => error,
  );

describe("a model file", () => {
  test("is fetched once and found in the cache from then on, without a network", async () => {
    expect(await load()).toMatchObject({ cached: true, verified: true });
    network.online = false;
    expect(await text(load())).toBe(content);
    expect(network.asked).toHaveLength(1);
  });

  test("tells its progress in bytes, from the cache too", async () => {
    const half = content.length / 2;
    const chunks = [content.slice(0, half), content.slice(half)].map((part) => new TextEncoder().encode(part));
    network.serve(
      url,
      () =>
        new Response(
          new ReadableStream({ start: (stream) => (chunks.forEach((chunk) => stream.enqueue(chunk)), stream.close()) }),
        ),
    );
    const seen: number[] = [];
    await load({ onBytes: (bytes: number) => seen.push(bytes) });
    expect(seen).toEqual([chunks[0]!.length, content.length]);
    await load({ onBytes: (bytes: number) => seen.push(bytes) });
    expect(seen.at(-1)).toBe(content.length);
  });

  test.each([
    ["damaged", content.replace("small", "smell")],
    ["half written", content.slice(0, 10)],
    ["empty", ""],
  ])("is fetched again when the cached one is %s, and the cache is healed", async (_, bad) => {
    await storage.fill(ours, url, bad);
    expect(await text(load())).toBe(content);
    expect(storage.text(ours, url)).toBe(content);
  });

  test("is taken from the service worker's cache without a copy in ours", async () => {
    await storage.fill("precache-v1", url, content);
    await storage.fill(ours, url, content);
    expect(await load()).toMatchObject({ cached: true });
    expect(network.asked).toEqual([]);
    expect(storage.text(ours, url)).toBeUndefined();
  });

  test("is fetched when the service worker's copy is damaged, which is then gone", async () => {
    await storage.fill("precache-v1", url, "damaged");
    expect(await text(load())).toBe(content);
    expect(storage.text("precache-v1", url)).toBeUndefined();
    expect(storage.text(ours, url)).toBe(content);
  });

  test("is fetched past all caches when what came first is wrong", async () => {
    network.serve(url, "<html>Please log in to the Wi-Fi</html>", content);
    expect(await text(load())).toBe(content);
    expect(network.asked[1]).toMatchObject({ cache: "reload", url: expect.stringContaining("?fresh=") });
  });

  test("that stays wrong is an error that names it, and is never kept", async () => {
    network.serve(url, "<html>Please log in</html>");
    expect(await failure(load())).toMatchObject({ code: "damaged", message: expect.stringContaining(file.file) });
    expect(storage.text(ours, url)).toBeUndefined();
  });

  test("that is cut short says by how much", async () => {
    network.serve(url, content.slice(0, 5));
    expect(await failure(load())).toMatchObject({
      code: "damaged",
      message: expect.stringMatching(/5 bytes instead of 33/),
    });
  });

  test("that the server does not have is a failed download", async () => {
    network.serve(url, () => new Response("no", { status: 404 }));
    expect(await failure(load())).toMatchObject({ code: "download", message: expect.stringMatching(/404/) });
  });

  test("is fetched where the storage never answers, and so is the list of models", async () => {
    const never = () => new Promise<never>(() => undefined);
    vi.stubGlobal("caches", { keys: never, open: never });
    vi.useFakeTimers();
    const list = new URL("models/manifest.json", origin);
    network.serve(list, JSON.stringify(sampleManifest()));
    const models = loadManifest(list);
    const weights = load();
    const ended = vi.fn();
    void Promise.allSettled([models, weights]).then(ended);
    // The hash is computed in real time, between two waits: one long jump of the clock could come too early for the second.
    while (!ended.mock.calls.length) await vi.advanceTimersByTimeAsync(30_000);
    expect(await models).toMatchObject(sampleManifest());
    expect(await text(weights)).toBe(content);
    expect(await weights).toMatchObject({ cached: false });
  });

  test("without network and cache is a failed download", async () => {
    network.online = false;
    expect(await failure(load())).toMatchObject({ code: "download" });
  });

  test("stays in memory when storage is full, or is not to be had", async () => {
    storage.full = true;
    expect(await load()).toMatchObject({ cached: false, verified: true });
    vi.stubGlobal("caches", {
      keys: () => Promise.reject(new DOMException("denied", "SecurityError")),
      open: () => Promise.reject(new DOMException("denied")),
    });
    expect(await load()).toMatchObject({ cached: false, verified: true });
  });

  test("is checked by its length alone in an insecure context, and says so", async () => {
    vi.stubGlobal("crypto", {});
    expect(await load()).toMatchObject({ verified: false });
    storage.stores.clear();
    network.serve(url, "short");
    expect(await failure(load())).toMatchObject({ code: "damaged" });
  });

  test("whose download is aborted says so", async () => {
    expect(await failure(load({ signal: AbortSignal.abort() }))).toMatchObject({ code: "aborted" });
  });

  test("that the manifest names no more is forgotten", async () => {
    const old = `${origin}models/old.onnx`;
    await storage.fill(ours, old, "old");
    await load();
    await forgetOthers([url.href]);
    expect(storage.text(ours, old)).toBeUndefined();
    expect(storage.text(ours, url)).toBe(content);
  });
});

describe("the manifest", () => {
  const address = new URL("models/manifest.json", origin);
  const served = JSON.stringify(sampleManifest());

  test("comes from the network while there is one, and from the last visit when there is none", async () => {
    network.serve(address, served, JSON.stringify({ ...sampleManifest(), later: 1 }));
    await loadManifest(address);
    expect(await loadManifest(address)).toHaveProperty("later");
    network.online = false;
    expect(await loadManifest(address)).toHaveProperty("later");
  });

  test.each([
    ["is missing", () => new Response("no", { status: 404 }), "manifest"],
    ["is a page", () => new Response("<html>"), "manifest"],
    ["breaks the schema", () => new Response("{}"), "manifest"],
    ["cannot be reached", () => Promise.reject(new TypeError("Failed to fetch")), "download"],
  ])("that %s is an error", async (_, response, code) => {
    network.serve(address, response);
    expect(await failure(loadManifest(address))).toMatchObject({ code });
  });

  test.each([
    ["a page to log in", "<html>Please log in</html>"],
    ["no JSON, for a number that is none", served.replace('"tolerance":0.05', '"tolerance":NaN')],
    ["against the schema", "{}"],
    ["missing", () => new Response("no", { status: 404 })],
  ])("that is %s does not replace the one of the last visit, which is used", async (_, wrong) => {
    expect(wrong).not.toBe(served);
    network.serve(address, served, wrong);
    await loadManifest(address);
    expect(await loadManifest(address)).toEqual(sampleManifest());
    network.online = false;
    expect(await loadManifest(address)).toEqual(sampleManifest());
  });
});
