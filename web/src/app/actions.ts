/**
 * All that can be done with a button or a key. Toolbars, the keyboard, tooltips and the sheet of shortcuts take it from
 * here.
 */
import { openSaveSheet } from "../features/save/SaveSheetPlace";
import type { ShortcutGroup } from "../features/shortcuts/shortcutGroups";
import type { Text } from "../i18n/translate";
import type { Action } from "../state/action";
import type { Tool } from "../state/tool";
import type { Controller } from "./controller";

/** The brush grows or shrinks, and the photo is zoomed, by this factor. */
const step = 1.25;

const always = (): boolean => true;

/** What only the page as a whole can do. */
export interface PageActions {
  choosePhoto(): void;
  showShortcuts(): void;
}

export type Actions = ReturnType<typeof createActions>;

export function createActions(controller: Controller, page: PageActions) {
  const { album, everything, keyboardBox, objects, prompting, saving, viewport } = controller;
  const { drawing, refining } = prompting;
  const tool = (kind: Tool, name: Text, label: Text, key: string): Action => ({
    name,
    label,
    keys: [key],
    enabled: always,
    pressed: () => drawing.tool.value === kind,
    run: () => drawing.choose(kind),
  });
  const candidate = (number: number): Action => ({
    label: "Candidates",
    keys: [String(number)],
    enabled: always,
    run: () => prompting.choose(number - 1),
  });
  return {
    open: {
      label: "Open a photo",
      name: "Open",
      keys: ["Ctrl+o"],
      anytime: true,
      enabled: always,
      run: () => page.choosePhoto(),
    },
    shortcuts: { label: "This list", keys: ["?"], anytime: true, enabled: always, run: () => page.showShortcuts() },
    nextPhoto: { label: "Next photo", keys: ["PageDown"], enabled: always, run: () => album.step(1) },
    previousPhoto: { label: "Previous photo", keys: ["PageUp"], enabled: always, run: () => album.step(-1) },

    undo: { label: "Undo", keys: ["Ctrl+z"], enabled: () => prompting.canUndo.value, run: () => prompting.undo() },
    redo: {
      label: "Redo",
      keys: ["Ctrl+Shift+z", "Ctrl+y"],
      enabled: () => prompting.canRedo.value,
      run: () => prompting.redo(),
    },
    clear: { label: "Clear", keys: [], enabled: () => !prompting.isEmpty.value, run: () => prompting.clear() },
    leave: {
      label: "Close",
      keys: ["Escape"],
      enabled: always,
      run: () => void (keyboardBox.giveUp() || everything.leave() || prompting.leave()),
    },

    tap: tool("tap", "Tap", "Tap: tap the object, or drag a box around it", "t"),
    scribble: tool("scribble", "Scribble", "Scribble: draw along the object", "p"),
    lasso: tool("lasso", "Lasso", "Lasso: draw around the object", "o"),
    brush: tool("brush", "Brush", "Brush: paint on the mask", "b"),
    eraser: tool("eraser", "Eraser", "Eraser: take away from the mask", "e"),
    smallerBrush: { label: "Smaller brush", keys: ["["], enabled: always, run: () => drawing.resize(1 / step) },
    largerBrush: { label: "Larger brush", keys: ["]"], enabled: always, run: () => drawing.resize(step) },

    foreground: {
      label: "Add: a tap is part of the object",
      name: "Add",
      keys: ["a"],
      enabled: always,
      pressed: () => prompting.mode.value === "foreground",
      run: () => (prompting.mode.value = "foreground"),
    },
    background: {
      label: "Remove: a tap is not part of the object",
      name: "Remove",
      keys: ["r"],
      enabled: always,
      pressed: () => prompting.mode.value === "background",
      run: () => (prompting.mode.value = "background"),
    },
    addPoint: {
      label: "Part of the object",
      keys: ["Enter"],
      onPhoto: true,
      enabled: always,
      run: () => prompting.tapCursor(false),
    },
    leaveOutPoint: {
      label: "Not part of it",
      keys: ["Shift+Enter"],
      onPhoto: true,
      enabled: always,
      run: () => prompting.tapCursor(true),
    },
    boxCorner: {
      label: "Box around it",
      keys: ["x"],
      usage: "X at one corner, arrows, X at the other; Escape gives up",
      onPhoto: true,
      enabled: () => !everything.isOpen.value,
      run: () => keyboardBox.mark(),
    },
    removePoint: {
      label: "Remove the last point",
      keys: ["Backspace", "Delete"],
      enabled: always,
      run: () => prompting.removeLatest(),
    },
    refine: { label: "Refine the mask", name: "Refine", keys: ["f"], enabled: always, run: () => refining.toggle() },
    tighten: {
      label: "Tighten the box to the mask, and ask again",
      keys: ["g"],
      enabled: always,
      run: () => prompting.tighten(),
    },

    candidate1: candidate(1),
    candidate2: candidate(2),
    candidate3: candidate(3),
    newObject: { label: "New object", keys: ["n"], enabled: () => objects.canAdd.value, run: () => objects.add() },
    objectList: {
      label: "List of objects",
      keys: ["l"],
      enabled: always,
      run: () => (objects.wanted.value = !objects.wanted.peek()),
    },
    findAll: {
      label: "Find all",
      keys: ["d"],
      usage: "D; then tap those to keep, or arrows and Enter",
      enabled: () => controller.session.value?.encoded.value ?? false,
      pressed: () => everything.isOpen.value,
      run: (byKey) => everything.toggle(byKey),
    },

    zoomIn: { label: "Zoom in", keys: ["+", "="], enabled: always, run: () => viewport.zoom(step) },
    zoomOut: { label: "Zoom out", keys: ["-", "_"], enabled: always, run: () => viewport.zoom(1 / step) },
    fit: { label: "Fit", keys: ["0"], enabled: always, run: () => viewport.fit() },

    saveCutout: {
      label: "Save the cut-out",
      name: "Cut-out",
      keys: ["s", "Ctrl+s"],
      enabled: () => saving.possible.value,
      run: () => void saving.saveCutout(),
    },
    saveMask: {
      label: "Save the mask",
      name: "Mask",
      keys: ["m"],
      enabled: () => saving.possible.value,
      run: () => void saving.saveMask(),
    },
    copyCutout: {
      label: "Copy the cut-out",
      name: "Copy",
      keys: ["Ctrl+c"],
      enabled: () => saving.possible.value,
      // Text that is selected on the page is what the user wants to copy.
      yields: () => !saving.possible.peek() || Boolean(getSelection()?.toString()),
      run: () => void saving.copyCutout(),
    },
    saveMore: {
      label: "More ways to save",
      name: "More",
      keys: ["Ctrl+Shift+s"],
      enabled: () => saving.possible.value,
      run: () => openSaveSheet(saving),
    },
  } satisfies Record<string, Action>;
}

/** What the sheet of shortcuts lists, beside the gestures. */
export const shortcutGroups = (actions: Actions): Readonly<Record<ShortcutGroup, readonly (readonly Action[])[]>> => ({
  photo: [
    [actions.foreground],
    [actions.background],
    [actions.tap],
    [actions.scribble],
    [actions.lasso],
    [actions.brush],
    [actions.eraser],
    [actions.smallerBrush],
    [actions.largerBrush],
    [actions.refine],
    [actions.tighten],
    [actions.zoomIn],
    [actions.zoomOut],
    [actions.fit],
  ],
  keyboard: [[actions.addPoint], [actions.leaveOutPoint], [actions.boxCorner], [actions.removePoint]],
  objects: [
    [actions.candidate1, actions.candidate2, actions.candidate3],
    [actions.newObject],
    [actions.objectList],
    [actions.findAll],
  ],
  page: [
    [actions.undo],
    [actions.redo],
    [actions.open],
    [actions.nextPhoto],
    [actions.previousPhoto],
    [actions.saveCutout],
    [actions.saveMask],
    [actions.copyCutout],
    [actions.saveMore],
    [actions.shortcuts],
  ],
});
