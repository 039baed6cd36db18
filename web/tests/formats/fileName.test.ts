/** Against tests/golden/names.json, which the Python tools keep to as well. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { distinct, fileName } from "../../src/formats/fileName";

interface Golden {
  file_name: [string, string][];
  distinct: [string[], string[]][];
}
const golden = JSON.parse(readFileSync(new URL("../../../tests/golden/names.json", import.meta.url), "utf8")) as Golden;

describe("fileName", () => {
  it.each(golden.file_name)("of %j is %s", (name, file) => expect(fileName(name)).toBe(file));

  it("is short enough, and ends with a whole letter", () => {
    const long = fileName("क्षि".repeat(60));
    expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(120);
    expect(long).toMatch(/^(क्षि)+$/u);
  });
});

describe("distinct", () => {
  it.each(golden.distinct)("of %j is %j: what occurs again is numbered, and never twice alike", (names, expected) => {
    expect(distinct(names)).toEqual(expected);
  });
});
