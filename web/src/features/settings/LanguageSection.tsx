/** The language of the page. */
import { useState } from "preact/hooks";
import { chooseLanguage, chosenLanguage } from "../../state/language";
import { isLanguage, languages } from "../../i18n/languages";
import { t } from "../../i18n/translate";

export function LanguageSection() {
  const [failed, setFailed] = useState(false);
  const choose = async (name: string): Promise<void> =>
    setFailed(!(await chooseLanguage(isLanguage(name) ? name : null)));
  return (
    <section class="settings-section" aria-labelledby="language-heading" data-testid="languages">
      <h3 id="language-heading">{t("Language")}</h3>
      <select
        class="language"
        aria-labelledby="language-heading"
        data-testid="language"
        value={chosenLanguage.value ?? ""}
        onChange={(event) => void choose(event.currentTarget.value)}
      >
        <option value="">{t("As the browser says")}</option>
        {Object.entries(languages).map(([tag, { name }]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
      {failed && <p role="alert">{t("The texts could not be loaded. Check the connection.")}</p>}
    </section>
  );
}
