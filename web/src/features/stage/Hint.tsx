/** How to begin; goes away with the first tap. On the first visit it is shown with pictures. */
import { coached, endCoaching } from "./coach";
import { Coach } from "./Coach";
import { t } from "../../i18n/translate";

export function Hint() {
  if (!coached.value) return <Coach onEnd={endCoaching} />;
  return (
    <p class="hint">
      <span class="for-touch">{t("Tap an object. Drag draws a box, a long press leaves out.")}</span>
      <span class="for-mouse">{t("Click an object. Drag draws a box, a right click leaves out.")}</span>
    </p>
  );
}
