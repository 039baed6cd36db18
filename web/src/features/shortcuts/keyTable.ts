/** Every gesture and key of the page, for people; `keyboard.ts` and `stage/` are what listens. */

import type { Text } from "../../i18n/translate";

export interface KeyGroup {
  readonly title: Text;
  /** What one wants, and how it is done. */
  readonly rows: readonly (readonly [what: Text, how: Text])[];
}

export const keyTable: readonly KeyGroup[] = [
  {
    title: "On the photo",
    rows: [
      ["Part of the object", "tap or click"],
      ["Not part of it", "long press, right click, or switch to Remove"],
      ["Box around it", "drag"],
      ["Move a point", "drag it"],
      ["Remove a point", "tap it, then the bin; Delete"],
      ["Tools", "T tap, P scribble, O lasso, B brush, E eraser; [ ] size of the brush; right button: the opposite"],
      ["Refine the mask, tighten the box", "F, G"],
      ["Zoom, move the photo", "two fingers; wheel, Shift + wheel, Space + drag; + − 0"],
    ],
  },
  {
    title: "Without a mouse",
    rows: [
      ["Reach the photo", "Tab, until it has the frame"],
      ["Move the cursor", "arrows; with Shift by one pixel of the screen"],
      ["Part of the object", "Enter"],
      ["Not part of it", "Shift + Enter"],
      ["Box around it", "X at one corner, arrows, X at the other; Escape gives up"],
      ["Remove the last point", "Backspace"],
      ["Choose a point", "Tab to it, then Enter; arrows move it, Delete removes it"],
    ],
  },
  {
    title: "Objects",
    rows: [
      ["Candidates", "1 2 3"],
      ["Add, remove", "A, R"],
      ["Next object, list of objects", "N, L"],
      ["Find all objects", "D; then tap those to keep, or arrows and Enter"],
      ["Select another object", "tap it in the list, or Alt + click it; on the photo, if nothing was said about the new one"],
    ],
  },
  {
    title: "The page",
    rows: [
      ["Undo, redo", "Ctrl+Z, Ctrl+Shift+Z"],
      ["Open, save, copy", "Ctrl+O, S (cut-out), M (mask), Ctrl+C"],
      ["More ways to save", "Ctrl+Shift+S"],
      ["This list", "?"],
    ],
  },
];
