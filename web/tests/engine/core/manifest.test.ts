import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chooseVariant, ManifestError, parseManifest } from "../../../src/engine/core/manifest";
import { golden, sampleManifest } from "../../support";

test("a valid manifest is accepted, and fields of a later version do not disturb", () => {
  expect(parseManifest({ ...sampleManifest(), later: true }).default).toBe("tiny");
});

interface Broken {
  name: string;
  /** Where in the valid manifest something is changed, and to what; null takes it away. */
  at: (string | number)[];
  value: unknown;
  /** What the complaint says, among other things. */
  says: string[];
}

describe("what is wrong is named:", () => {
  test.each<Broken>(golden("manifest").broken)("$name", ({ at, value, says }) => {
    const manifest = sampleManifest();
    const inner = at.slice(0, -1).reduce<object>((node, key) => Reflect.get(node, key), manifest);
    if (value === null) Reflect.deleteProperty(inner, at.at(-1)!);
    else Reflect.set(inner, at.at(-1)!, value);
    expect(() => parseManifest(manifest)).toThrow(ManifestError);
    for (const word of says) expect(() => parseManifest(manifest)).toThrow(word);
  });

  test.each([null, [], "text", { models: [] }])("%j instead of a manifest", (json) => {
    expect(() => parseManifest(json)).toThrow(ManifestError);
  });
});

test("the model and variant asked for are chosen, or the defaults, or an error lists what there is", () => {
  const manifest = sampleManifest();
  expect(chooseVariant(manifest).name).toBe("fp32");
  expect(chooseVariant(manifest, "tiny", "fp32").model.id).toBe("tiny");
  expect(() => chooseVariant(manifest, "other")).toThrow(/It has: tiny/);
  expect(() => chooseVariant(manifest, "tiny", "constructor")).toThrow(/It has: fp32/);
});

const shipped = new URL("../../../public/models/manifest.json", import.meta.url);
test.runIf(existsSync(shipped))("the manifest that is shipped is valid", () => {
  parseManifest(JSON.parse(readFileSync(shipped, "utf8")));
});
