/** What lies on the photo at a place: numbered points, and the keyboard's cursor. */
import type { ViewPoint } from "../../core/geometry";

interface MarkerProps {
  number: number;
  label: 0 | 1;
  at: ViewPoint;
  selected: boolean;
  onSelect(): void;
  onRemove(): void;
}

/** Pointers reach it through the stage, which knows drags; this button is for keys and screen readers. */
export function Marker({ number, label, at, selected, onSelect, onRemove }: MarkerProps) {
  const meaning = label === 1 ? "part of the object" : "not part of the object";
  return (
    <li class="marker" style={{ transform: `translate(${at.x}px, ${at.y}px)` }}>
      <button
        type="button"
        class={label === 1 ? "dot dot-foreground" : "dot dot-background"}
        aria-pressed={selected}
        aria-label={`Point ${number}, ${meaning}`}
        onClick={onSelect}
        onKeyDown={(event) => {
          if (event.key !== "Delete" && event.key !== "Backspace") return;
          event.preventDefault();
          event.stopPropagation();
          onRemove();
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
