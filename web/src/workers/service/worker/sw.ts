/**
 * Makes the page work offline, and gives it cross-origin isolation (and so threads) on hosts that cannot send the
 * headers for it.
 *
 * The app, the model that answers first and the CPU runtime are precached. The GPU runtime is kept when it is first
 * used, as is the HEIC decoder. Other models are not kept here: the engine keeps them itself, because it checks them
 * first.
 */
import { clientsClaim, type WorkboxPlugin } from "workbox-core";
import { ExpirationPlugin } from "workbox-expiration";
import {
  addPlugins,
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
  type PrecacheEntry,
} from "workbox-precaching";
import { NavigationRoute, registerRoute, setDefaultHandler } from "workbox-routing";
import { CacheFirst, NetworkOnly } from "workbox-strategies";
import { runtimeCache } from "../shared/runtimeCache";
import { receiveShare } from "./share";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (PrecacheEntry | string)[] };

const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** A copy of the response with the headers that its host did not send. */
function isolated(response: Response): Response {
  // An opaque response cannot be read, and one without a body must keep none.
  if (response.status === 0 || Object.keys(isolation).every((name) => response.headers.has(name))) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolation)) if (!headers.has(name)) headers.set(name, value);
  const { status, statusText } = response;
  const body = status === 204 || status === 304 ? null : response.body;
  return new Response(body, { status, statusText, headers });
}

const isolate: WorkboxPlugin = { handlerWillRespond: async ({ response }) => isolated(response) };

self.addEventListener("message", (event) => {
  if ((event.data as { type?: string } | null)?.type === "SKIP_WAITING") void self.skipWaiting();
});
clientsClaim();

addPlugins([isolate]);
cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST, {
  ignoreURLParametersMatching: [/^(provider|model|variant|manifest|tiers|bench|shared|camera|utm_.*)$/],
});

// Only the page itself: a link to any other file of the host means that file.
const scope = new URL(self.registration.scope).pathname.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
registerRoute(
  new NavigationRoute(createHandlerBoundToURL("index.html"), {
    allowlist: [new RegExp(`^${scope}(index\\.html)?(\\?|$)`)],
  }),
);

// Hashed names: what is cached under them never changes. A runtime is two files; those of an earlier version go in
// time.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && /\/assets\/(?!libheif-)[^/]+\.(wasm|mjs)$/.test(url.pathname),
  new CacheFirst({ cacheName: runtimeCache, plugins: [isolate, new ExpirationPlugin({ maxEntries: 4 })] }),
);
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && /\/assets\/libheif-[^/]+$/.test(url.pathname),
  new CacheFirst({ cacheName: "tapmask-heic", plugins: [isolate, new ExpirationPlugin({ maxEntries: 2 })] }),
);

// What other apps share with this one arrives as a form that is sent to an address of its own.
const shareTarget = new URL("share", self.registration.scope);
registerRoute(
  ({ url }) => url.origin === shareTarget.origin && url.pathname === shareTarget.pathname,
  ({ request }) => receiveShare(request, self.registration.scope),
  "POST",
);
setDefaultHandler(new NetworkOnly({ plugins: [isolate] }));
