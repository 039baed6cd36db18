/** Which language was chosen: by the address (`?lang=de`), else at an earlier visit, else by the browser. */
import { signal } from "@preact/signals";
import { bestOf, isLanguage, type Language } from "./languages";
import { speak } from "./translate";

const key = "tapmask-language";

/** Null: what the browser asks for. */
export const chosenLanguage = signal<Language | null>(recall());

/** Before the first picture, so that nothing is read twice. */
export async function startSpeaking(address: URL): Promise<void> {
  const asked = address.searchParams.get("lang");
  await speak(isLanguage(asked) ? asked : (chosenLanguage.peek() ?? bestOf(navigator.languages)));
}

/** @returns Whether the page speaks it now. */
export async function chooseLanguage(language: Language | null): Promise<boolean> {
  if (!(await speak(language ?? bestOf(navigator.languages)))) return false;
  chosenLanguage.value = language;
  try {
    if (language) localStorage.setItem(key, language);
    else localStorage.removeItem(key);
  } catch {
    // storage is switched off: it is chosen again next time
  }
  return true;
}

function recall(): Language | null {
  try {
    const stored = localStorage.getItem(key);
    return isLanguage(stored) ? stored : null;
  } catch {
    return null;
  }
}
