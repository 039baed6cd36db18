/** Which language was chosen: by the address (`?lang=de`), else at an earlier visit, else by the browser. */
import { bestOf, isLanguage, type Language } from "../i18n/languages";
import { speak } from "../i18n/translate";
import { Persisted } from "./persisted";

const store = new Persisted<Language | null>("tapmask-language", {
  read: (text) => (isLanguage(text) ? text : null),
  write: (language) => language,
});

/** Null: what the browser asks for. */
export const chosenLanguage = store.signal;

/** Before the first picture, so that nothing is read twice. */
export async function startSpeaking(address: URL): Promise<void> {
  const asked = address.searchParams.get("lang");
  await speak(isLanguage(asked) ? asked : (chosenLanguage.peek() ?? bestOf(navigator.languages)));
}

/** @returns Whether the page speaks it now. */
export async function chooseLanguage(language: Language | null): Promise<boolean> {
  if (!(await speak(language ?? bestOf(navigator.languages)))) return false;
  store.set(language);
  return true;
}
