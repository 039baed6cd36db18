/** Tells a screen reader where the keyboard's cursor is, once it rests: a word for each step would never end. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { toPixel, type ImagePoint, type PixelIndex } from "../../engine/core/geometry";
import type { Prompting } from "../../state/prompting";
import type { Session } from "../../state/session";
import { t } from "../../i18n/translate";
import { shownName } from "../../i18n/names";

const rest = 250; // milliseconds

interface Props {
  session: Session;
  prompting: Prompting;
  /** The first corner of a box that is being drawn with keys. */
  corner: PixelIndex | null;
}

export function Place({ session, prompting, corner }: Props) {
  const said = useSignal("");
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useSignalEffect(() => {
    const at = prompting.cursor.value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => (said.value = at ? describePlace(session, at) : ""), rest);
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <>
      <p class="visually-hidden" role="status" data-testid="place">
        {said.value}
      </p>
      <p class="visually-hidden" role="status" data-testid="corner">
        {corner &&
          t(
            "First corner of the box at column {column}, row {row}. Move to the opposite corner and press X again, or Escape.",
            { column: corner.x + 1, row: corner.y + 1 },
          )}
      </p>
    </>
  );
}

/** Columns and rows count from 1, as people do. */
export function describePlace(session: Session, at: ImagePoint): string {
  const pixel = toPixel(at, session.photo);
  const object = session.objectAt(pixel);
  const [column, row] = [pixel.x + 1, pixel.y + 1];
  return object
    ? t("Column {column}, row {row}, on {name}.", { column, row, name: shownName(object) })
    : t("Column {column}, row {row}.", { column, row });
}
