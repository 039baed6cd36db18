/** Asking a worker that may never answer: it can die without a word, and graphs can be made that never end. */
import type { Outcome } from "./protocol";
import type { Connection } from "./start";

const minutes = 5;

/**
 * @param onSilence The worker has said nothing for longer than any model takes.
 * @returns Its answer; `provider-lost` where there will be none.
 */
export async function ask<T>(
  { api, died }: Connection,
  call: (api: Connection["api"]) => Promise<Outcome<T>>,
  onSilence?: (message: string) => void,
): Promise<Outcome<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<string>((resolve) => {
    const giveUp = (): void => {
      const message = `The model has not answered for ${minutes} minutes.`;
      onSilence?.(message);
      resolve(message);
    };
    timer = setTimeout(giveUp, minutes * 60_000);
  });
  const lost = Promise.race([died, silence]).then((message): Outcome<T> => ({
    ok: false,
    code: "provider-lost",
    message,
  }));
  try {
    return await Promise.race([call(api), lost]);
  } finally {
    clearTimeout(timer);
  }
}
