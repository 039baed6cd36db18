import { signal } from "@preact/signals";
import { describe, expect, it, vi } from "vitest";
import { createActions, shortcutGroups } from "../../src/app/actions";
import type { Controller } from "../../src/app/controller";
import { actionOf, keepsKey, type Key } from "../../src/app/keyboard";
import { shortcutOf, shownShortcut, type Action } from "../../src/state/action";
import { Prompting } from "../../src/state/prompting";
import { Viewport } from "../../src/state/viewport";

const session = signal(null);
const viewport = new Viewport();
const prompting = new Prompting(session, viewport, () => undefined);
const closed = { isOpen: signal(false), leave: () => false, toggle: vi.fn() };
const controller = {
  session,
  viewport,
  prompting,
  everything: closed,
  saving: { possible: signal(false) },
  objects: { canAdd: signal(false) },
};
const page = { choosePhoto: vi.fn(), showShortcuts: vi.fn() };
const actions = createActions(controller as unknown as Controller, page);
const all: readonly Action[] = Object.values(actions);

const press = (keys: string, where = { onPhoto: false, hasPhoto: true }, code = ""): Action | null => {
  const parts = keys.split(/\+(?=.)/);
  const event: Key = {
    key: parts.at(-1)!,
    code,
    ctrlKey: parts.includes("Ctrl"),
    metaKey: parts.includes("Meta"),
    shiftKey: parts.includes("Shift"),
    altKey: parts.includes("Alt"),
  };
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
    expect([press("Shift++"), press("+"), press("Shift+?"), press("?")]).toEqual([
      actions.zoomIn,
      actions.zoomIn,
      actions.shortcuts,
      actions.shortcuts,
    ]);
  });

  it("finds brackets that need Option, and nothing else with it", () => {
    expect([press("Alt+["), press("Alt+]")]).toEqual([actions.smallerBrush, actions.largerBrush]);
    const ignored = [
      ["n", "KeyN"],
      ["¡", "Digit1"],
      ["-", "Minus"],
      ["т", "KeyN"],
    ] as const;
    for (const [key, code] of ignored) expect(press(`Alt+${key}`, { onPhoto: false, hasPhoto: true }, code)).toBeNull();
  });

  it("goes by the place of letters that are not Latin, and of digits that need Shift", () => {
    const at = (code: string, keys: string) => press(keys, { onPhoto: false, hasPhoto: true }, code);
    // Russian, Greek, Arabic, Hebrew; the key of T, N and Z.
    expect([
      at("KeyT", "е"),
      at("KeyN", "ν"),
      at("KeyZ", "Ctrl+ئ"),
      at("KeyZ", "Ctrl+Shift+Я"),
      at("KeyN", "מ"),
    ]).toEqual([actions.tap, actions.newObject, actions.undo, actions.redo, actions.newObject]);
    expect([at("BracketLeft", "х"), at("BracketRight", "ъ")]).toEqual([actions.smallerBrush, actions.largerBrush]);
    // French and Czech, then Arabic digits.
    expect([at("Digit1", "&"), at("Digit2", "ě"), at("Digit3", "٣"), at("Digit0", "à")]).toEqual([
      actions.candidate1,
      actions.candidate2,
      actions.candidate3,
      actions.fit,
    ]);
  });

  it("goes by the meaning of what is Latin, wherever it is", () => {
    const at = (code: string, keys: string) => press(keys, { onPhoto: false, hasPhoto: true }, code);
    // German Z is where others have Y; French A where they have Q, minus where they have 6; an accented letter is no
    // letter without it.
    expect([
      at("KeyY", "Ctrl+z"),
      at("KeyZ", "Ctrl+y"),
      at("KeyQ", "a"),
      at("Digit6", "-"),
      at("KeyN", "ñ"),
      at("Digit1", "Shift+!"),
    ]).toEqual([actions.undo, actions.redo, actions.foreground, actions.zoomOut, null, null]);
  });

  it("keeps what places points for the photo", () => {
    const onPhoto = { onPhoto: true, hasPhoto: true };
    expect([press("Enter", onPhoto), press("Shift+Enter", onPhoto), press("x", onPhoto)]).toEqual([
      actions.addPoint,
      actions.leaveOutPoint,
      actions.boxCorner,
    ]);
    expect([press("Enter"), press("Shift+Enter"), press("x")]).toEqual([null, null, null]);
  });

  it("leaves little to do without a photo", () => {
    const without = { onPhoto: false, hasPhoto: false };
    expect(all.filter((action) => action.keys.some((key) => press(key, without) === action))).toEqual([
      actions.open,
      actions.shortcuts,
    ]);
  });
});

describe("keepsKey", () => {
  const of = (tagName: string, type?: string) => (keys: string) => {
    const parts = keys.split("+");
    const event: Key = {
      key: parts.at(-1)!,
      code: "",
      ctrlKey: parts.includes("Ctrl"),
      metaKey: false,
      shiftKey: false,
      altKey: false,
    };
    return keepsKey({ tagName, isContentEditable: false, ...(type && { type }) }, event);
  };

  it("leaves a slider what moves it, and nothing else", () => {
    expect(["ArrowLeft", "PageUp", "Home"].map(of("INPUT", "range"))).toEqual([true, true, true]);
    expect(["Ctrl+z", "Escape", "f", "n", "3", "+", "Ctrl+ArrowLeft"].map(of("INPUT", "range"))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it("leaves a switch what presses it", () => {
    for (const type of ["checkbox", "radio", "color"])
      expect([" ", "ArrowDown", "Ctrl+z", "Escape", "f"].map(of("INPUT", type))).toEqual([
        true,
        true,
        false,
        false,
        false,
      ]);
  });

  it("leaves a field and a list everything, and a button nothing", () => {
    for (const field of [
      of("INPUT", "text"),
      of("INPUT", "number"),
      of("INPUT"),
      of("TEXTAREA"),
      of("SELECT", "select-one"),
    ])
      expect(["n", "Ctrl+z", "Escape"].map(field)).toEqual([true, true, true]);
    expect(
      keepsKey(
        { tagName: "SPAN", isContentEditable: true },
        { key: "n", code: "KeyN", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false },
      ),
    ).toBe(true);
    expect(["n", "Escape"].map(of("BUTTON", "button"))).toEqual([false, false]);
  });
});

describe("shownShortcut", () => {
  it("is what stands on the keys", () => {
    expect(["Ctrl+Shift+z", "-", "+", "PageDown", "Escape", "x"].map(shownShortcut)).toEqual([
      "Ctrl+Shift+Z",
      "−",
      "+",
      "Page down",
      "Esc",
      "X",
    ]);
  });
});
