/** The service worker: offline use, threads on hosts that send no isolation headers, and updates. */
import { signal } from "@preact/signals";
import { Workbox } from "workbox-window";
import { runtimeCache } from "./shared/runtimeCache";

/** A new version waits to take over. */
export const updateReady = signal(false);

const reloadedKey = "tapmask-reloaded-for-isolation";
let accept: (() => void) | null = null;

/** Lets the new version take over; the page reloads. */
export const acceptUpdate = (): void => accept?.();

/** @param isUntouched Nothing would be lost by a reload. */
export async function registerServiceWorker(isUntouched: () => boolean): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const workbox = new Workbox(new URL("sw.js", document.baseURI).href);
  let accepted = false;
  accept = () => {
    accepted = true;
    workbox.messageSkipWaiting();
  };
  workbox.addEventListener("waiting", () => (updateReady.value = true));
  workbox.addEventListener("controlling", ({ isUpdate }) => {
    // Another tab may have accepted an update: this one keeps its photo.
    if (accepted) location.reload();
    else if (!isUpdate) reloadForIsolation(isUntouched);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void workbox.update().catch(() => undefined);
  });
  await workbox.register().catch(() => undefined);
  // A page that was loaded past the worker, as by Shift and reload.
  if (navigator.serviceWorker.controller) reloadForIsolation(isUntouched);
}

/**
 * Keeps the files of a running runtime for offline use. At a first visit they were fetched before there was a service worker to see it.
 *
 * @param files Their addresses; those that are kept already are left alone.
 */
export async function keepRuntime(files: readonly string[]): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    const kept = await Promise.all(files.map((file) => caches.match(file)));
    const missing = files.filter((_, index) => !kept[index]);
    if (missing.length) await (await caches.open(runtimeCache)).addAll(missing);
  } catch {
    // No room, or no network any more: the CPU runtime is precached.
  }
}

/** Once only: a browser that stays without isolation must not reload for ever. */
function reloadForIsolation(isUntouched: () => boolean): void {
  if (globalThis.crossOriginIsolated || !isUntouched() || sessionStorage.getItem(reloadedKey)) return;
  sessionStorage.setItem(reloadedKey, "yes");
  location.reload();
}
