/**
 * The three gestures, on the first photo of the first visit. Goes away with the first of them, and does not come back.
 */
import { X } from "lucide-preact";
import { IconButton } from "../../components/IconButton";
import { t } from "../../i18n/translate";

export function Coach({ onEnd }: { onEnd(): void }) {
  return (
    <aside class="panel coach" aria-label={t("How it works")} data-testid="coach">
      <ol class="coach-steps">
        <li>
          <svg class="coach-picture" viewBox="0 0 48 36" aria-hidden="true">
            <circle class="coach-ripple" cx="24" cy="18" r="10" />
            <circle class="coach-finger" cx="24" cy="18" r="5" />
          </svg>
          <span class="for-touch">{t("Tap an object")}</span>
          <span class="for-mouse">{t("Click an object")}</span>
        </li>
        <li>
          <svg class="coach-picture" viewBox="0 0 48 36" aria-hidden="true">
            <rect class="coach-box" x="8" y="6" width="32" height="24" />
            <circle class="coach-finger coach-drag" cx="40" cy="30" r="5" />
          </svg>
          {t("Drag a box around it")}
        </li>
        <li>
          <svg class="coach-picture" viewBox="0 0 48 36" aria-hidden="true">
            <circle class="coach-hold" cx="24" cy="18" r="12" transform="rotate(-90 24 18)" pathLength="1" />
            <path class="coach-minus" d="M19 18h10" />
          </svg>
          <span class="for-touch">{t("Hold to leave out")}</span>
          <span class="for-mouse">{t("Right click to leave out")}</span>
        </li>
      </ol>
      <IconButton icon={X} label={t("Close")} testId="coach-close" onClick={onEnd} />
    </aside>
  );
}
