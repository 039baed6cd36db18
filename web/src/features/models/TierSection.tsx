/** One model or two: the fast one, the precise one, or one after the other. */
import { tierChoices, tiers, type TierChoice } from "../../state/tierChoice";
import type { Models } from "./models";
import { t, type Text } from "../../i18n/translate";

const words: Record<TierChoice, { readonly title: Text; readonly note: Text }> = {
  fast: { title: "Fast only", note: "The least to download and the least memory." },
  both: { title: "Fast, then precise", note: "Masks come at once, and settle a moment later." },
  precise: { title: "Precise only", note: "The first mask takes longer, and then stays." },
};

export function TierSection({ models, busy }: { models: Models; busy: boolean }) {
  return (
    <>
      <h4 id="tier-heading">{t("Fast and precise")}</h4>
      <fieldset class="models" disabled={busy} aria-labelledby="tier-heading" data-testid="tiers">
        {tierChoices.map((choice) => (
          <div key={choice} class="model-choice" data-on={tiers.value === choice}>
            <label>
              <input
                type="radio"
                name="tiers"
                value={choice}
                data-testid={`tiers-${choice}`}
                checked={tiers.value === choice}
                onChange={() => void models.chooseTiers(choice)}
              />
              <span class="model-words">
                <strong>{t(words[choice].title)}</strong>
                <span>{t(words[choice].note)}</span>
              </span>
            </label>
          </div>
        ))}
      </fieldset>
      <PreciseState models={models} />
    </>
  );
}

function PreciseState({ models }: { models: Models }) {
  const state = models.preciseState.value;
  if (state === "loading")
    return <p role="status">{t("The precise model is being loaded. The fast one answers meanwhile.")}</p>;
  if (state !== "failed") return null;
  return (
    <div role="status" class="settings-problem" data-testid="precise-problem">
      <p>
        {t("The precise model does not run here; the fast one answers.")} {models.preciseProblem.value}
      </p>
      <button type="button" class="text-button" data-testid="precise-retry" onClick={() => models.retryPrecise()}>
        {t("Try again")}
      </button>
    </div>
  );
}
