/** Whether the page still has to explain itself: once for each browser, where it can remember that. */
import { Persisted } from "../../state/persisted";

const store = new Persisted<boolean>("tapmask-coached", {
  read: (text) => text !== null,
  write: (on) => (on ? "yes" : null),
});

export const coached = store.signal;

/** Somebody has read it, or has gone ahead without. */
export function endCoaching(): void {
  if (!coached.peek()) store.set(true);
}
