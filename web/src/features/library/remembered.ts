/** Small things that are remembered beside the database. Where the browser forbids that, they last as long as the page. */
import { signal } from "@preact/signals";

const openKey = "tapmask-open-photo";
const nothingKey = "tapmask-keep-nothing";

type Which = "localStorage" | "sessionStorage";

function read(which: Which, key: string): string | null {
  try {
    return globalThis[which].getItem(key);
  } catch {
    return null; // storage is switched off
  }
}

function write(which: Which, key: string, value: string | null): void {
  try {
    if (value === null) globalThis[which].removeItem(key);
    else globalThis[which].setItem(key, value);
  } catch {
    // Full or switched off: the next visit starts without it.
  }
}

/** Nothing of photos, prompts and embeddings is written to this device. */
export const keepsNothing = signal(read("localStorage", nothingKey) === "yes");

export function setKeepsNothing(on: boolean): void {
  write("localStorage", nothingKey, on ? "yes" : null);
  keepsNothing.value = on;
}

// The choice counts in other tabs too.
addEventListener("storage", ({ key }) => {
  if (key === nothingKey || key === null) keepsNothing.value = read("localStorage", nothingKey) === "yes";
});

/** The photo that was open last: in this tab, or in any when the tab is new. */
export const rememberedPhoto = (): string | null => (read("sessionStorage", openKey) ?? read("localStorage", openKey)) || null;

/** @param id Null: no photo is open. That too is remembered: a reload then shows the start. */
export function rememberPhoto(id: string | null): void {
  const value = keepsNothing.peek() ? null : (id ?? "");
  write("sessionStorage", openKey, value);
  write("localStorage", openKey, value);
}
