/** The first view: one big button that is also a drop zone, and photos to try. */
import { Camera, ImagePlus, ShieldCheck } from "lucide-preact";
import { smallPicture, type Sample } from "./samples";
import { t } from "../../i18n/translate";

interface Props {
  samples: readonly Sample[];
  onChoose(): void;
  /** Null: there is no camera. */
  onShoot: (() => void) | null;
  onSample(sample: Sample): void;
}

export function Welcome({ samples, onChoose, onShoot, onSample }: Props) {
  return (
    <main class="welcome">
      <h1>{t("Tap an object, get its cut-out.")}</h1>
      <button type="button" class="drop-zone" onClick={onChoose}>
        <ImagePlus />
        <span class="drop-title">{t("Choose a photo")}</span>
        <span class="drop-ways">{t("or drop one here, or paste it")}</span>
      </button>
      {onShoot && (
        <button type="button" class="way" data-testid="take-photo" onClick={onShoot}>
          <Camera /> {t("Take a photo")}
        </button>
      )}
      <section class="samples" aria-label={t("Sample photos")}>
        <h2>{t("Or try one of these")}</h2>
        <ul>
          {samples.map((sample) => (
            <li key={sample.name}>
              <button
                type="button"
                class="sample"
                data-testid={`sample-${sample.name}`}
                onClick={() => onSample(sample)}
              >
                <img src={smallPicture(sample)} alt={t(sample.alt)} width="120" height="120" />
              </button>
            </li>
          ))}
        </ul>
      </section>
      <p class="promise">
        <ShieldCheck /> {t("Your photo stays on this device.")}
      </p>
    </main>
  );
}
