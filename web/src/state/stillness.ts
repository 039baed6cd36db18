/** Does nobody touch the page? */
import { signal, type ReadonlySignal } from "@preact/signals";

const signs = ["pointerdown", "pointermove", "wheel", "keydown", "dragover", "visibilitychange"] as const;

/** @param wait Milliseconds without a sign of life. @returns True while nobody moves or types, and the page is in sight. */
export function watchStillness(
  wait: number,
  of: Pick<Document, "addEventListener" | "hidden"> = document,
): ReadonlySignal<boolean> {
  const still = signal(false);
  let timer: ReturnType<typeof setTimeout>;
  const stir = (): void => {
    still.value = false;
    clearTimeout(timer);
    timer = setTimeout(() => (still.value = !of.hidden), wait);
  };
  for (const sign of signs) of.addEventListener(sign, stir, { capture: true, passive: true });
  stir();
  return still;
}
