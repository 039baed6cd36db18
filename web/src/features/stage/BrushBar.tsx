/** How large the brush is, while there is one in hand. */
import { Brush, Check, Eraser } from "lucide-preact";
import { sizes, type Drawing } from "../../state/drawing";
import { IconButton } from "../../components/IconButton";
import { t } from "../../i18n/translate";

export function BrushBar({ drawing }: { drawing: Drawing }) {
  if (!drawing.paints.value) return null;
  const tool = drawing.tool.value;
  return (
    <div class="panel brush-bar" role="group" aria-label={t("Brush")}>
      <IconButton icon={Brush} label={t("Brush: paint on the mask")} hint="B" testId="bar-brush" pressed={tool === "brush"} onClick={() => drawing.choose("brush")} />
      <IconButton icon={Eraser} label={t("Eraser: take away from the mask")} hint="E" testId="bar-eraser" pressed={tool === "eraser"} onClick={() => drawing.choose("eraser")} />
      <input
        type="range"
        class="slider"
        min={sizes.least}
        max={sizes.most}
        step="any"
        value={drawing.radius.value}
        aria-label={t("Size of the brush")}
        title={t("Size of the brush ([ and ])")}
        data-testid="brush-size"
        onInput={(event) => (drawing.radius.value = event.currentTarget.valueAsNumber)}
      />
      <IconButton icon={Check} label={t("Done painting")} hint="Escape" testId="brush-done" onClick={() => drawing.choose("tap")} />
    </div>
  );
}
