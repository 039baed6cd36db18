/**
 * The page's keys: which action a key asks for, and the arrows. Keys that place points work while the photo has the
 * focus, the others everywhere.
 */
import type { Action } from "../state/action";
import { takesText, type Control } from "../state/field";
import type { Actions } from "./actions";
import type { Controller } from "./controller";

/** CSS pixels per arrow key; with Shift the fine step of the cursor. */
const step = { pan: 64, cursor: 16, fine: 1 };

const arrows: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export type Key = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** @returns A function that stops listening. */
export function listenToKeys(controller: Controller, actions: Actions): () => void {
  const abort = new AbortController();
  const all = Object.values(actions);
  const onKey = (event: KeyboardEvent): void => {
    if (
      event.defaultPrevented ||
      event.isComposing ||
      (event.target instanceof HTMLElement && keepsKey(event.target, event)) ||
      document.querySelector("dialog[open]")
    )
      return;
    const onPhoto = event.target instanceof HTMLCanvasElement;
    const hasPhoto = controller.session.peek() !== null;
    const arrow = arrows[event.key];
    if (arrow && hasPhoto && !event.ctrlKey && !event.metaKey && !event.altKey) {
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

/**
 * The action that a key asks for there, or null. Shift counts only where an action names it: `+` needs it on many
 * keyboards. What a key means goes before where it is: a letter that is not Latin, and what stands where others have
 * digits, count by their place.
 */
export function actionOf(
  event: Key,
  actions: readonly Action[],
  { onPhoto, hasPhoto }: { onPhoto: boolean; hasPhoto: boolean },
): Action | null {
  if (event.altKey && !/^[[\]]$/.test(event.key)) return null; // on a Mac many keyboards need Option for brackets
  const command = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const usable = actions.filter((action) => (hasPhoto || action.anytime) && (onPhoto || !action.onPhoto));
  for (const key of [event.key.length === 1 ? event.key.toLowerCase() : event.key, byPlace(event)]) {
    if (key === null) continue;
    const named = event.shiftKey ? [`${command}Shift+${key}`, ...(command ? [] : [key])] : [`${command}${key}`];
    for (const keys of named) {
      const action = usable.find((one) => one.keys.includes(keys));
      if (action) return action;
    }
  }
  return null;
}

const brackets: Record<string, string> = { BracketLeft: "[", BracketRight: "]" };

/** What stands at that place of a keyboard with Latin letters and digits. Null: the key's own meaning has to do. */
function byPlace({ key, code, shiftKey }: Key): string | null {
  if (key.length !== 1 || key === " ") return null;
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  if (digit) return shiftKey ? null : digit;
  if (!/[\p{L}\p{M}]/u.test(key) || /\p{Script=Latin}/u.test(key)) return null;
  return /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? brackets[code] ?? null;
}

function follow(
  [x, y]: readonly [number, number],
  onPhoto: boolean,
  fine: boolean,
  { prompting, viewport }: Controller,
): void {
  const by = fine ? step.fine : step.cursor;
  if (onPhoto) prompting.moveCursor(x * by, y * by);
  else viewport.pan(-x * step.pan, -y * step.pan);
}

/** What moves a slider, and what presses a switch or chooses: their own keys. With Control they are shortcuts. */
const sliding = /^(Arrow|Page|Home$|End$)/;
const pressing = /^(Arrow| $|Enter$)/;

/**
 * Does the element with the focus need the key for itself? All of them where text is typed, and where a letter chooses
 * from a list.
 */
export function keepsKey(target: Control, { key, ctrlKey, metaKey }: Key): boolean {
  if (takesText(target) || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && (target.type === "range" ? sliding : pressing).test(key) && !ctrlKey && !metaKey;
}
