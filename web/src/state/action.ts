/**
 * One thing that can be done in the page: what buttons, keys, tooltips and the sheet of shortcuts all say about it
 * comes from here.
 */
import { t, type Text } from "../i18n/translate";

export interface Action {
  /** What it does, in words: the name of its button. */
  readonly label: Text;
  /** A shorter name, where buttons show one beside the icon. */
  readonly name?: Text;
  /** Such as `z`, `Ctrl+Shift+z` or `PageDown`; the first is the one that people are told. Command counts as Ctrl. */
  readonly keys: readonly string[];
  /** How its key is used, in the sheet of shortcuts, where the key alone does not say it. */
  readonly usage?: Text;
  /** Its key works while the photo has the focus, and has another meaning elsewhere. */
  readonly onPhoto?: boolean;
  /** It needs no photo. */
  readonly anytime?: boolean;
  /** Can it be done now? Read within a component, that one follows. */
  enabled(): boolean;
  /** Is it switched on? Only for what stays on. */
  pressed?(): boolean;
  /** Leaves the key to the browser. */
  yields?(): boolean;
  /** @param byKey It was asked for with a key. */
  run(byKey?: boolean): void;
}

const shownKeys: Readonly<Record<string, Text>> = {
  Ctrl: "Ctrl",
  Shift: "Shift",
  Enter: "Enter",
  Backspace: "Backspace",
  PageUp: "Page up",
  PageDown: "Page down",
};

/** A shortcut as people read it, in the page's language. */
export function shownShortcut(keys: string): string {
  const parts = keys.split(/\+(?=.)/);
  return parts
    .map((part) =>
      shownKeys[part]
        ? t(shownKeys[part])
        : part === "Escape"
          ? "Esc"
          : part === "-"
            ? "−"
            : part.length === 1
              ? part.toUpperCase()
              : part,
    )
    .join("+");
}

/** The shortcut that people are told; undefined: there is none. */
export const shortcutOf = ({ keys }: Action): string | undefined => (keys.length ? shownShortcut(keys[0]!) : undefined);
