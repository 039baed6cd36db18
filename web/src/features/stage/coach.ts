/** Whether the page still has to explain itself: once for each browser, where it can remember that. */
import { signal } from "@preact/signals";

const key = "tapmask-coached";

export const coached = signal(recall());

/** Somebody has read it, or has gone ahead without. */
export function endCoaching(): void {
  if (coached.peek()) return;
  coached.value = true;
  try {
    localStorage.setItem(key, "yes");
  } catch {
    // Storage is switched off: it is explained again next time.
  }
}

function recall(): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}
