/** Feeds what the canvas hears – pointers, wheel, clock – to the gesture recogniser. */
import { batch } from "@preact/signals";
import { useEffect, type MutableRef } from "preact/hooks";
import { viewPoint, type ViewPoint } from "../../engine/core/geometry";
import type { Prompting } from "../../state/prompting";
import { idle, recognise, type PointerInput } from "../../state/gestures";
import { holding } from "./holding";
import type { Viewport } from "../../state/viewport";

const holdMilliseconds = 450;

export function usePointers(
  canvas: MutableRef<HTMLCanvasElement | null>,
  prompting: Prompting,
  viewport: Viewport,
): void {
  useEffect(() => listen(canvas.current!, prompting, viewport), [canvas, prompting, viewport]);
}

function listen(canvas: HTMLCanvasElement, prompting: Prompting, viewport: Viewport): () => void {
  let state = idle;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const abort = new AbortController();
  const isHeld = holding("Space", globalThis, abort.signal);
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options: AddEventListenerOptions = {},
  ) => canvas.addEventListener(type, listener, { ...options, signal: abort.signal });

  const feed = (input: PointerInput, touch: boolean): void => {
    const [next, gestures] = recognise(state, input, (at) => prompting.hit(at, touch));
    state = next;
    for (const gesture of gestures) {
      if (gesture.type !== "timer") prompting.handle(gesture);
      else {
        clearTimeout(timer);
        if (gesture.on) timer = setTimeout(() => feed({ type: "held" }, touch), holdMilliseconds);
      }
    }
  };
  const place = ({ clientX, clientY }: MouseEvent): ViewPoint => {
    const { left, top } = canvas.getBoundingClientRect();
    return viewPoint(clientX - left, clientY - top);
  };
  const isTouch = (event: PointerEvent): boolean => event.pointerType === "touch";
  const canHover = (event: PointerEvent): boolean => event.pointerType !== "touch" && event.buttons === 0;

  on("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    prompting.hover(null);
    prompting.cursor.value = null;
    const secondary = event.button === 2 || (event.button === 0 && event.ctrlKey);
    const pan = event.button === 1 || (event.button === 0 && isHeld());
    feed(
      {
        type: "down",
        id: event.pointerId,
        at: place(event),
        touch: isTouch(event),
        secondary,
        pick: event.altKey,
        pan,
        // A mouse goes down once, with its first button.
        first: event.isPrimary,
        draws: prompting.drawing.draws.peek(),
      },
      isTouch(event),
    );
  });
  on("pointermove", (event) => {
    // A fast finger is heard of once a frame, but the browser knows its way.
    const way = prompting.drawing.line.peek() ? event.getCoalescedEvents() : [];
    batch(() =>
      (way.length ? way : [event]).forEach((part) =>
        feed({ type: "move", id: event.pointerId, at: place(part), released: canHover(event) }, isTouch(event)),
      ),
    );
    if (!canHover(event)) return;
    canvas.classList.toggle(
      "over-point",
      !prompting.drawing.draws.peek() && prompting.hit(place(event), false) !== null,
    );
    prompting.hover(place(event));
  });
  on("pointerup", (event) => feed({ type: "up", id: event.pointerId, at: place(event) }, isTouch(event)));
  on("pointercancel", (event) => feed({ type: "cancel", id: event.pointerId }, isTouch(event)));
  on("pointerleave", () => prompting.hover(null));
  // A right click and a long press are ours.
  on("contextmenu", (event) => event.preventDefault());
  on("wheel", (event) => turn(event, place(event), viewport), { passive: false });

  return () => {
    abort.abort();
    clearTimeout(timer);
  };
}

/** Pixels that a "line" of the wheel stands for. */
const line = 16;

/** The wheel zooms at the pointer; a trackpad's pinch arrives as a wheel with Control, in finer steps. Shift pans. */
function turn(event: WheelEvent, at: ViewPoint, viewport: Viewport): void {
  event.preventDefault();
  const unit =
    event.deltaMode === WheelEvent.DOM_DELTA_LINE
      ? line
      : event.deltaMode === WheelEvent.DOM_DELTA_PAGE
        ? viewport.size.peek().height
        : 1;
  const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
  if (event.shiftKey) viewport.pan(-(dx || dy), dx ? -dy : 0);
  else viewport.zoom(Math.exp(-dy * (event.ctrlKey ? 0.01 : 0.0015)), at);
}
