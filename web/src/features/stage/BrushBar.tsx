/** How large the brush is, while there is one in hand. */
import { Brush, Check, Eraser } from "lucide-preact";
import { sizes, type Drawing } from "../../state/drawing";
import { ActionButton } from "../../components/ActionButton";
import { IconButton } from "../../components/IconButton";
import { shortcutOf, type Action } from "../../state/action";
import { t } from "../../i18n/translate";

interface Props {
  drawing: Drawing;
  actions: Readonly<Record<"brush" | "eraser" | "leave", Action>>;
}

export function BrushBar({ drawing, actions }: Props) {
  if (!drawing.paints.value) return null;
  return (
    <div class="panel brush-bar" role="group" aria-label={t("Brush")}>
      <ActionButton action={actions.brush} icon={Brush} testId="bar-brush" />
      <ActionButton action={actions.eraser} icon={Eraser} testId="bar-eraser" />
      <input
        type="range"
        class="slider"
        min={sizes.min}
        max={sizes.max}
        step="any"
        value={drawing.radius.value}
        aria-label={t("Size of the brush")}
        title={t("Size of the brush ([ and ])")}
        data-testid="brush-size"
        onInput={(event) => (drawing.radius.value = event.currentTarget.valueAsNumber)}
      />
      <IconButton
        icon={Check}
        label={t("Done painting")}
        hint={shortcutOf(actions.leave)}
        testId="brush-done"
        onClick={() => drawing.choose("tap")}
      />
    </div>
  );
}
