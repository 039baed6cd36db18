/** Lets the outline's dashes march, unless there is nothing to see or the user asked for less motion. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Session } from "../../state/session";

/** Steps of one pixel a second: enough to look alive, few enough to leave the processor to the model. */
const pace = 12;
const period = 12;

export function useMarch(session: Session): ReadonlySignal<number> {
  const march = useSignal(0);
  const visible = session.edited.value !== null;
  useEffect(() => {
    if (!visible) return undefined;
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const timer = setInterval(() => {
      if (!still.matches && !document.hidden) march.value = (march.peek() + 1) % period;
    }, 1000 / pace);
    return () => clearInterval(timer);
  }, [visible, march]);
  return march;
}
