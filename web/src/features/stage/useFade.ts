/** Lets a mask that changes by itself cross over to its better one, unless the user asked for less motion. */
import { useEffect, useRef, type MutableRef } from "preact/hooks";
import type { Session } from "../../state/session";

/** Milliseconds. */
const duration = 240;

type Canvas = MutableRef<HTMLCanvasElement | null>;

/** @returns The canvas on top: it shows what was in sight before, and fades. */
export function useFade(session: Session, layers: readonly Canvas[]): Canvas {
  const top = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    session.beforeSettling = () =>
      fade(
        top.current,
        layers.flatMap(({ current }) => current ?? []),
      );
    return () => void (session.beforeSettling = null);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the canvases stay the same
  }, [session]);
  return top;
}

function fade(top: HTMLCanvasElement | null, layers: readonly HTMLCanvasElement[]): void {
  const context = top?.getContext("2d");
  const [bottom] = layers;
  if (!top || !context || !bottom?.width || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  top.width = bottom.width;
  top.height = bottom.height;
  for (const layer of layers) context.drawImage(layer, 0, 0);
  const forget = () => void (top.width = 0);
  top
    .animate([{ opacity: 1 }, { opacity: 0 }], { duration, easing: "ease-out" })
    .finished.then(forget, () => undefined);
}
