/** The languages that the page speaks: a new one is a file beside this one and a line here. */
import type { Catalogue } from "./translate";

export interface LanguageEntry {
  /** In the language itself. */
  readonly name: string;
  readonly direction: "ltr" | "rtl";
  /** Null: the texts in the code. */
  readonly load: (() => Promise<Catalogue>) | null;
}

export const languages = {
  en: { name: "English", direction: "ltr", load: null },
  de: { name: "Deutsch", direction: "ltr", load: async () => (await import("./de")).german },
  ar: { name: "العربية", direction: "rtl", load: async () => (await import("./ar")).arabic },
} as const satisfies Record<string, LanguageEntry>;

export type Language = keyof typeof languages;

export const isLanguage = (name: string | null): name is Language => name !== null && Object.hasOwn(languages, name);

/** The first of the reader's languages that the page speaks. @param wanted Tags such as `de-CH`. */
export const bestOf = (wanted: readonly string[]): Language =>
  wanted.map((tag) => tag.split("-")[0]!.toLowerCase()).find(isLanguage) ?? "en";
