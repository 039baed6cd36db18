/** The page's keys: which action a key asks for, and the arrows. Keys that place points work while the photo has the focus, the others everywhere. */
import type { Action } from "../state/action";
import type { Actions } from "./actions";
import type { Controller } from "./controller";

/** CSS pixels per arrow key; with Shift the fine step of the cursor. */
const step = { pan: 64, cursor: 16, fine: 1 };

const arrows: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey">;

/** @returns A function that stops listening. */
export function listenToKeys(controller: Controller, actions: Actions): () => void {
  const abort = new AbortController();
  const all = Object.values(actions);
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const onPhoto = event.target instanceof HTMLCanvasElement;
    const hasPhoto = controller.session.peek() !== null;
    const arrow = arrows[event.key];
    if (arrow && hasPhoto && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      follow(arrow, onPhoto, event.shiftKey, controller);
      return;
    }
    const action = actionOf(event, all, { onPhoto, hasPhoto });
    if (!action || action.yields?.()) return;
    event.preventDefault();
    if (action.enabled()) action.run(true);
  };
  globalThis.addEventListener("keydown", onKey, { signal: abort.signal });
  return () => abort.abort();
}

/** The action that a key asks for there, or null. Shift counts only where an action names it: `+` needs it on many keyboards. */
export function actionOf(event: Key, actions: readonly Action[], { onPhoto, hasPhoto }: { onPhoto: boolean; hasPhoto: boolean }): Action | null {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const command = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const shifted = `${command}Shift+${key}`;
  const named = event.shiftKey ? [shifted, ...(command ? [] : [key])] : [`${command}${key}`];
  const usable = actions.filter((action) => (hasPhoto || action.anytime) && (onPhoto || !action.onPhoto));
  for (const keys of named) {
    const action = usable.find((one) => one.keys.includes(keys));
    if (action) return action;
  }
  return null;
}

function follow([x, y]: readonly [number, number], onPhoto: boolean, fine: boolean, { prompting, viewport }: Controller): void {
  const by = fine ? step.fine : step.cursor;
  if (onPhoto) prompting.moveCursor(x * by, y * by);
  else viewport.pan(-x * step.pan, -y * step.pan);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
