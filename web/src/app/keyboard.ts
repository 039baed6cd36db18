/** The page's keys. Those that place points work while the stage has the focus, the others everywhere. */
import type { Controller } from "./controller";
import { openSaveSheet } from "../features/save/SaveSheetPlace";
import { toolAction } from "../features/shortcuts/toolKeys";

type Action = (event: KeyboardEvent) => void;

/** CSS pixels per arrow key; with Shift the fine step of the cursor. */
const step = { pan: 64, cursor: 16, fine: 1 };

const arrows: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @returns A function that stops listening. */
export function listenToKeys(controller: Controller, chooseFile: () => void, showKeys: () => void): () => void {
  const abort = new AbortController();
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = event.key === "?" && !event.ctrlKey && !event.metaKey ? showKeys : actionOf(event, controller, chooseFile);
    if (!action) return;
    event.preventDefault();
    action(event);
  };
  globalThis.addEventListener("keydown", onKey, { signal: abort.signal });
  return () => abort.abort();
}

function actionOf(event: KeyboardEvent, controller: Controller, chooseFile: () => void): Action | null {
  const { keyboardBox, prompting, viewport, saving } = controller;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return commandOf(key, event.shiftKey, controller, chooseFile);
  if (!controller.session.peek()) return null;
  const onStage = event.target instanceof HTMLCanvasElement;
  const arrow = arrows[key];
  if (arrow) return arrowAction(arrow, onStage, event.shiftKey, controller);
  if (onStage && key === "Enter") return () => prompting.tapCursor(event.shiftKey);
  if (onStage && key === "x" && !controller.everything.isOpen.peek()) return () => keyboardBox.mark();
  switch (key) {
    case "PageDown":
      return () => controller.album.step(1);
    case "PageUp":
      return () => controller.album.step(-1);
    case "Delete":
    case "Backspace":
      return () => prompting.removeLatest();
    case "Escape":
      return () => keyboardBox.giveUp() || controller.everything.leave() || prompting.leave();
    case "+":
    case "=":
      return () => viewport.zoom(1.25);
    case "-":
    case "_":
      return () => viewport.zoom(0.8);
    case "0":
      return () => viewport.fit();
    case "1":
    case "2":
    case "3":
      return () => prompting.choose(Number(key) - 1);
    case "a":
      return () => (prompting.mode.value = "foreground");
    case "r":
      return () => (prompting.mode.value = "background");
    case "n":
      return () => controller.objects.add();
    case "d":
      return () => controller.everything.toggle(true);
    case "l":
      return () => (controller.objects.wanted.value = !controller.objects.wanted.peek());
    case "s":
      return () => void saving.saveCutout();
    case "m":
      return () => void saving.saveMask();
    default:
      return toolAction(key, prompting);
  }
}

function commandOf(key: string, shift: boolean, { prompting, saving, session }: Controller, chooseFile: () => void): Action | null {
  if (key === "o") return chooseFile;
  if (!session.peek()) return null;
  if (key === "z") return () => (shift ? prompting.redo() : prompting.undo());
  if (key === "y") return () => prompting.redo();
  if (key === "s" && shift) return () => openSaveSheet(saving);
  if (key === "s") return () => void saving.saveCutout();
  // Text that is selected on the page is what the user wants to copy.
  if (key === "c" && saving.possible.peek() && !getSelection()?.toString()) return () => void saving.copyCutout();
  return null;
}

function arrowAction([x, y]: readonly [number, number], onStage: boolean, fine: boolean, { prompting, viewport }: Controller): Action {
  if (!onStage) return () => viewport.pan(-x * step.pan, -y * step.pan);
  const by = fine ? step.fine : step.cursor;
  return () => prompting.moveCursor(x * by, y * by);
}

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
