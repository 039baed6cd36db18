/** Where the service worker keeps runtimes that are not precached; the page puts there what it fetched before there was a service worker. */
export const runtimeCache = "tapmask-runtime";
