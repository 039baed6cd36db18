/** How the first object of the next photo is finished: as the last one was, also after a reload. */
import { signal } from "@preact/signals";
import { cleanFinish, isFinish, sameFinish, type Finish } from "../postprocess/postprocess";

const key = "tapmask-finish";

export const firstFinish = signal<Finish>(restore());

export function rememberFinish(finish: Finish): void {
  firstFinish.value = finish;
  try {
    if (sameFinish(finish, cleanFinish)) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(finish));
  } catch {
    // Storage is switched off or full: the page remembers until it is closed.
  }
}

function restore(): Finish {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (isFinish(stored)) return stored;
  } catch {
    // The same.
  }
  return cleanFinish;
}
