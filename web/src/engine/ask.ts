/** Asking a worker that may never answer: it can die without a word, and graphs can be made that never end. */
import type { Outcome } from "./protocol";
import type { Connection } from "./start";
import { within } from "./within";

const minutes = 5;

/**
 * @param onSilence The worker has said nothing for longer than any model takes.
 * @returns Its answer; `provider-lost` where there will be none.
 */
export function ask<T>(
  { api, died }: Connection,
  call: (api: Connection["api"]) => Promise<Outcome<T>>,
  onSilence?: (message: string) => void,
): Promise<Outcome<T>> {
  const lost = (message: string): Outcome<T> => ({ ok: false, code: "provider-lost", message });
  return within(minutes * 60_000, Promise.race([call(api), died.then(lost)]), () => {
    const message = `The model has not answered for ${minutes} minutes.`;
    onSilence?.(message);
    return lost(message);
  });
}
