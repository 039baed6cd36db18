import { signal } from "@preact/signals";
import { describe, expect, it, vi } from "vitest";
import { createActions, shortcutGroups } from "../../src/app/actions";
import type { Controller } from "../../src/app/controller";
import { actionOf, type Key } from "../../src/app/keyboard";
import { shortcutOf, shownShortcut, type Action } from "../../src/state/action";
import { Prompting } from "../../src/state/prompting";
import { Viewport } from "../../src/state/viewport";

const session = signal(null);
const viewport = new Viewport();
const prompting = new Prompting(session, viewport, () => undefined);
const closed = { isOpen: signal(false), leave: () => false, toggle: vi.fn() };
const controller = { session, viewport, prompting, everything: closed, saving: { possible: signal(false) }, objects: { canAdd: signal(false) } };
const page = { choosePhoto: vi.fn(), showShortcuts: vi.fn() };
const actions = createActions(controller as unknown as Controller, page);
const all: readonly Action[] = Object.values(actions);

const press = (keys: string, where = { onPhoto: false, hasPhoto: true }): Action | null => {
  const parts = keys.split(/\+(?=.)/);
  const event: Key = { key: parts.at(-1)!, ctrlKey: parts.includes("Ctrl"), metaKey: parts.includes("Meta"), shiftKey: parts.includes("Shift") };
  return actionOf(event, all, where);
};

describe("the registry of actions", () => {
  it("gives no key to two actions", () => {
    const keys = all.flatMap((action) => action.keys);
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
  });

  it("has every action with a key in the sheet of shortcuts, but for the one that closes things", () => {
    const listed = new Set(Object.values(shortcutGroups(actions)).flat(2));
    expect(all.filter((action) => action.keys.length && !listed.has(action))).toEqual([actions.leave]);
  });

  it("names the key where the sheet says how to use it", () => {
    for (const action of all) if (action.usage) expect(action.usage).toContain(shortcutOf(action));
  });

  it("says what is possible and what is switched on", () => {
    expect([actions.undo.enabled(), actions.saveMask.enabled(), actions.fit.enabled()]).toEqual([false, false, true]);
    actions.brush.run();
    expect([actions.brush.pressed!(), actions.tap.pressed!()]).toEqual([true, false]);
    actions.tap.run();
  });
});

describe("actionOf", () => {
  it("finds letters whatever their case, and combinations as they are", () => {
    expect([press("n"), press("Shift+N"), press("Ctrl+z"), press("Ctrl+Shift+Z"), press("Meta+z")]).toEqual([
      actions.newObject,
      actions.newObject,
      actions.undo,
      actions.redo,
      actions.undo,
    ]);
    expect([press("Ctrl+n"), press("Ctrl+Shift+n"), press("q")]).toEqual([null, null, null]);
  });

  it("finds signs that need Shift on some keyboards", () => {
    expect([press("Shift++"), press("+"), press("Shift+?"), press("?")]).toEqual([actions.zoomIn, actions.zoomIn, actions.shortcuts, actions.shortcuts]);
  });

  it("keeps what places points for the photo", () => {
    const onPhoto = { onPhoto: true, hasPhoto: true };
    expect([press("Enter", onPhoto), press("Shift+Enter", onPhoto), press("x", onPhoto)]).toEqual([actions.addPoint, actions.leaveOutPoint, actions.boxCorner]);
    expect([press("Enter"), press("Shift+Enter"), press("x")]).toEqual([null, null, null]);
  });

  it("leaves little to do without a photo", () => {
    const without = { onPhoto: false, hasPhoto: false };
    expect(all.filter((action) => action.keys.some((key) => press(key, without) === action))).toEqual([actions.open, actions.shortcuts]);
  });
});

describe("shownShortcut", () => {
  it("is what stands on the keys", () => {
    expect(["Ctrl+Shift+z", "-", "+", "PageDown", "Escape", "x"].map(shownShortcut)).toEqual(["Ctrl+Shift+Z", "−", "+", "Page down", "Esc", "X"]);
  });
});
