/** The brush, as large as it paints, under the mouse or at the keyboard's cursor. */
import { imageToView } from "../../engine/core/geometry";
import type { Prompting } from "../../state/prompting";
import type { Viewport } from "../../state/viewport";

export function BrushCursor({ prompting, viewport }: { prompting: Prompting; viewport: Viewport }) {
  const { drawing } = prompting;
  const cursor = prompting.cursor.value;
  const at = cursor ? imageToView(cursor, viewport.view.value) : drawing.pointer.value;
  if (!drawing.paints.value || !at) return null;
  const radius = drawing.radius.value;
  const kind = drawing.tool.value === "eraser" ? "brush-cursor erases" : "brush-cursor";
  return (
    <div
      class={kind}
      aria-hidden="true"
      data-testid="brush-cursor"
      style={{
        transform: `translate(${at.x - radius}px, ${at.y - radius}px)`,
        width: `${2 * radius}px`,
        height: `${2 * radius}px`,
      }}
    />
  );
}
