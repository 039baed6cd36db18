import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { bestOf, languages, type Language } from "../../src/i18n/languages";
import { counted, decimal, language, speak, t, type Catalogue, type Forms } from "../../src/i18n/translate";
import { formatBytes } from "../../src/state/download";

const page = join(import.meta.dirname, "../../src");
const names = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted();
const others = (Object.keys(languages) as Language[]).filter((name) => languages[name].load);

// There is no document here.
Object.assign(globalThis, { document: { documentElement: {} } });
afterEach(() => speak("en"));

describe.each(others)("the texts in %s", (name) => {
  const load = async (): Promise<readonly (readonly [string, string | Forms])[]> =>
    Object.entries((await languages[name].load!()) as Catalogue);

  test("are there, and take what their originals take", async () => {
    for (const [original, text] of await load())
      if (typeof text === "string") {
        expect(text.trim(), original).not.toBe("");
        expect(names(text), original).toEqual(names(original));
      }
  });

  test("have a form for every number", async () => {
    const asked = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
    for (const [original, forms] of await load())
      if (typeof forms !== "string") {
        for (const category of asked) expect(forms[category] ?? forms.other, `${original}: ${category}`).not.toBe("");
        expect(names(forms.other), original).toEqual(names(original));
      }
  });

  test("are all of texts that the page has", async () => {
    const sources = readdirSync(page, { recursive: true, encoding: "utf8" })
      .filter((file) => /\.tsx?$/.test(file) && !/i18n.(de|ar)\.ts$/.test(file))
      .map((file) => readFileSync(join(page, file), "utf8"))
      .join("\n");
    for (const [original] of await load())
      expect(
        sources.includes(JSON.stringify(original)) || sources.includes(`"${original}"`),
        `nobody says: ${original}`,
      ).toBe(true);
  });
});

test("an unknown language is English, a regional one its own", () => {
  expect(bestOf(["fr-CA", "de-AT", "en"])).toBe("de");
  expect(bestOf(["fr"])).toBe("en");
});

test("numbers are written as in the page's language", async () => {
  expect([decimal(3.44, 1), decimal(12345, 0), formatBytes(3_440_000), formatBytes(980)]).toEqual([
    "3.4",
    "12345",
    "3.4 MB",
    "980 bytes",
  ]);
  await speak("de");
  expect([decimal(3.44, 1), formatBytes(3_440_000), formatBytes(3_440_000, "en")]).toEqual(["3,4", "3,4 MB", "3.4 MB"]);
  await speak("ar");
  expect(decimal(25, 0)).toBe("25");
});

test("values go where they are named, and what is counted takes its form", async () => {
  expect(t("Object {number}", { number: 3 })).toBe("Object 3");
  expect([1, 4].map((count) => counted(count, "1 photo", "{count} photos"))).toEqual(["1 photo", "4 photos"]);
  await speak("de");
  expect(language()).toBe("de");
  expect(t("Object {number}", { number: 3 })).toBe("Objekt 3");
  expect([1, 4].map((count) => counted(count, "1 photo", "{count} photos"))).toEqual(["1 Foto", "4 Fotos"]);
  await speak("ar");
  const arabic = [0, 1, 2, 3, 11, 100].map((count) => counted(count, "1 photo", "{count} photos"));
  expect(new Set(arabic).size).toBe(arabic.length);
  expect(document.documentElement.dir).toBe("rtl");
});
