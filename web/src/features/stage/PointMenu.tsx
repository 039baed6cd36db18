/** What can be done with a point or a box on the photo. */
import { Minus, Plus, Shrink, Trash2, X } from "lucide-preact";
import type { Size, ViewPoint } from "../../engine/core/geometry";
import { t } from "../../i18n/translate";

interface PointMenuProps {
  label: 0 | 1;
  at: ViewPoint;
  within: Size;
  onFlip(): void;
  onRemove(): void;
}

const menu = { width: 104, height: 56, gap: 22 };

/** Above the point, or below it where there is no room. */
export function PointMenu({ label, at, within, onFlip, onRemove }: PointMenuProps) {
  const x = Math.min(Math.max(at.x - menu.width / 2, 8), within.width - menu.width - 8);
  const above = at.y - menu.gap - menu.height;
  const y = above > 72 ? above : at.y + menu.gap;
  const flip = label === 1 ? t("Not part of the object") : t("Part of the object");
  return (
    <div
      class="panel point-menu"
      role="group"
      aria-label={t("Point")}
      style={{ transform: `translate(${x}px, ${y}px)` }}
    >
      <button type="button" class="icon-button" aria-label={flip} title={flip} onClick={onFlip}>
        {label === 1 ? <Minus /> : <Plus />}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={t("Remove the point")}
        title={t("Remove (Delete)")}
        data-testid="remove-point"
        onClick={onRemove}
      >
        <Trash2 />
      </button>
    </div>
  );
}

/** At the box's top left corner. */
export function TightenHandle({ at, onTighten }: { at: ViewPoint; onTighten(): void }) {
  const words = t("Tighten the box to the mask, and ask again");
  return (
    <button
      type="button"
      class="box-handle"
      aria-label={words}
      title={`${words} (G)`}
      data-testid="tighten"
      style={{ transform: `translate(${at.x}px, ${at.y}px)` }}
      onClick={onTighten}
    >
      <Shrink />
    </button>
  );
}

/** At the box's top right corner. */
export function BoxHandle({ at, onRemove }: { at: ViewPoint; onRemove(): void }) {
  return (
    <button
      type="button"
      class="box-handle"
      aria-label={t("Remove the box")}
      title={t("Remove the box")}
      style={{ transform: `translate(${at.x}px, ${at.y}px)` }}
      onClick={onRemove}
    >
      <X />
    </button>
  );
}
