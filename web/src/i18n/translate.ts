/**
 * The page's language. Texts are written in English where they are shown, and looked up here for other languages;
 * docs/translating.md says how to add one.
 */
import { signal } from "@preact/signals";
import type { german } from "./de";
import { languages, type Language } from "./languages";

/** What a number asks for: `one` photo, `few` photos, `many` photos, by the language's own rules. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };

type Reference = typeof german;
/** A text of the page. What is not one is not translated, and does not compile. */
export type Text = { [K in keyof Reference]: Reference[K] extends string ? K : never }[keyof Reference];
/** A text with a `{count}`. */
export type CountedText = Exclude<keyof Reference, Text>;
/** A whole language. */
export type Catalogue = Readonly<Record<Text, string> & Record<CountedText, Forms>>;
/** What goes into the `{names}` of a text. */
export type Values = Readonly<Record<string, string | number>>;

const spoken = signal<{ readonly language: Language; readonly catalogue: Catalogue | null }>({
  language: "en",
  catalogue: null,
});

export const language = (): Language => spoken.value.language;

/** In the page's language; what draws it is drawn again when that changes. */
export const t = (text: Text, values?: Values): string => fill(spoken.value.catalogue?.[text] ?? text, values);

/** @param one In English, of one. @param other In English, of any other number: it holds `{count}`. */
export function counted(count: number, one: string, other: CountedText, values?: Values): string {
  const { language, catalogue } = spoken.value;
  const forms: Forms = catalogue?.[other] ?? { one, other };
  return fill(forms[new Intl.PluralRules(language).select(count)] ?? forms.other, { count, ...values });
}

/**
 * A number as the page's language writes it, such as `3,4` in German. With the digits of this text in every language:
 * other numbers of the page have them, too.
 */
export const decimal = (value: number, digits: number, inLanguage: Language = language()): string =>
  new Intl.NumberFormat(`${inLanguage}-u-nu-latn`, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  }).format(value);

const fill = (text: string, values: Values = {}): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });

/** Changes the language; the page stays as it is when the texts cannot be loaded. @returns Whether they could. */
export async function speak(language: Language): Promise<boolean> {
  const { load, direction } = languages[language];
  try {
    spoken.value = { language, catalogue: load && (await load()) };
  } catch {
    return false;
  }
  document.documentElement.lang = language;
  document.documentElement.dir = direction;
  return true;
}
