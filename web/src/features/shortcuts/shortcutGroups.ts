/** The sheet of shortcuts: gestures, which are listed here, and actions, which come from their registry. */
import type { Text } from "../../i18n/translate";
import type { Action } from "../../state/action";

export type ShortcutGroup = "photo" | "keyboard" | "objects" | "page";

/** Rows of actions for each group; what stands in one row has one label. */
export type Shortcuts = Readonly<Record<ShortcutGroup, readonly (readonly Action[])[]>>;

interface Gestures {
  readonly group: ShortcutGroup;
  readonly title: Text;
  /** What one wants, and how it is done. */
  readonly rows: readonly (readonly [what: Text, how: Text])[];
}

export const gestures: readonly Gestures[] = [
  {
    group: "photo",
    title: "On the photo",
    rows: [
      ["Part of the object", "tap or click"],
      ["Not part of it", "long press, right click, or switch to Remove"],
      ["Box around it", "drag"],
      ["Move a point", "drag it"],
      ["Remove a point", "tap it, then the bin; Delete"],
      ["The opposite of the tool in hand", "right button"],
      ["Zoom, move the photo", "two fingers; wheel, Shift + wheel, Space + drag"],
    ],
  },
  {
    group: "keyboard",
    title: "Without a mouse",
    rows: [
      ["Reach the photo", "Tab, until it has the frame"],
      ["Move the cursor", "arrows; with Shift by one pixel of the screen"],
      ["Choose a point", "Tab to it, then Enter; arrows move it, Delete removes it"],
    ],
  },
  {
    group: "objects",
    title: "Objects",
    rows: [
      [
        "Select another object",
        "tap it in the list, or Alt + click it; on the photo, if nothing was said about the new one",
      ],
    ],
  },
  { group: "page", title: "The page", rows: [] },
];
