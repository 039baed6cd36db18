import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { languages } from "../../src/i18n/languages";

const shell = readFileSync(new URL("../../index.html", import.meta.url), "utf8");
const inPlace = /<div id="app">([\s\S]*)<\/div>\s*<noscript/.exec(shell)?.[1] ?? "";

it("the page's file says how to start it, in every language, where its script cannot run", () => {
  const paragraphs = inPlace.match(/<p[ >][\s\S]*?<\/p>/g) ?? [];
  expect(paragraphs).toHaveLength(Object.keys(languages).length);
  for (const paragraph of paragraphs) expect(paragraph).toMatch(/python server\.py[\s\S]*http:\/\/localhost:5173/);
  for (const name of Object.keys(languages)) if (name !== "en") expect(inPlace).toContain(`<p lang="${name}"`);
});
