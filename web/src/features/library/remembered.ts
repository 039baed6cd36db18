/** Small things that are remembered beside the database. */
import { Persisted, readStored, writeStored } from "../../state/persisted";

const openKey = "tapmask-open-photo";
const nothing = new Persisted<boolean>("tapmask-keep-nothing", {
  read: (text) => text === "yes",
  write: (on) => (on ? "yes" : null),
});

/** Nothing of photos, prompts and embeddings is written to this device. */
export const keepsNothing = nothing.signal;

export const setKeepsNothing = (on: boolean): void => nothing.set(on);

// The choice counts in other tabs too.
addEventListener("storage", (event) => nothing.follow(event));

/** The photo that was open last: in this tab, or in any when the tab is new. */
export const rememberedPhoto = (): string | null =>
  (readStored(openKey, "sessionStorage") ?? readStored(openKey)) || null;

/** @param id Null: no photo is open. That too is remembered: a reload then shows the start. */
export function rememberPhoto(id: string | null): void {
  const value = keepsNothing.peek() ? null : (id ?? "");
  writeStored(openKey, value, "sessionStorage");
  writeStored(openKey, value);
}
