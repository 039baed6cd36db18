/** What lies on the photo at a place: numbered points, and the keyboard's cursor. */
import type { ViewPoint } from "../../engine/core/geometry";
import { t } from "../../i18n/translate";

interface MarkerProps {
  number: number;
  label: 0 | 1;
  at: ViewPoint;
  selected: boolean;
  onSelect(): void;
  onRemove(): void;
  /** By CSS pixels. */
  onMove(dx: number, dy: number): void;
}

const arrows: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** CSS pixels for each press of an arrow key; with Shift the fine step. */
const step = { plain: 8, fine: 1 };

/** Pointers reach it through the stage, which knows drags; this button is for keys and screen readers. */
export function Marker({ number, label, at, selected, onSelect, onRemove, onMove }: MarkerProps) {
  const words =
    label === 1
      ? t("Point {number}, part of the object", { number })
      : t("Point {number}, not part of the object", { number });
  return (
    <li class="marker" style={{ transform: `translate(${at.x}px, ${at.y}px)` }}>
      <button
        type="button"
        class={label === 1 ? "dot dot-foreground" : "dot dot-background"}
        aria-pressed={selected}
        aria-label={words}
        onClick={onSelect}
        onKeyDown={(event) => {
          const arrow = arrows[event.key];
          if (!arrow && event.key !== "Delete" && event.key !== "Backspace") return;
          event.preventDefault();
          event.stopPropagation();
          const by = event.shiftKey ? step.fine : step.plain;
          if (arrow) onMove(arrow[0] * by, arrow[1] * by);
          else onRemove();
        }}
      >
        <span aria-hidden="true">{label === 1 ? "+" : "−"}</span>
        <span class="dot-number" aria-hidden="true">
          {number}
        </span>
      </button>
    </li>
  );
}

export function Crosshair({ at }: { at: ViewPoint }) {
  return <div class="crosshair" aria-hidden="true" style={{ transform: `translate(${at.x}px, ${at.y}px)` }} />;
}
