import { describe, expect, it } from "vitest";
import { distinct, fileName } from "../../src/formats/fileName";

describe("fileName", () => {
  it.each([
    ["Big Cup (blue)", "big-cup-blue"],
    ["हिन्दी", "हिन्दी"],
    ["مُحَمَّد", "مُحَمَّد"],
    ["ภูเขา ที่ 2", "ภูเขา-ที่-2"],
    ["杯子", "杯子"],
    // Composed, as it was typed, and with its accent apart, as some disks keep it.
    ["Café", "café"],
    ["Cafe\u0301", "café"],
    ["../../etc/passwd", "etc-passwd"],
    ["a\u202Egnp.exe\u0000", "a-gnp-exe"],
    ["\u0301 cup", "cup"],
    ["🐱", "object"],
    ["- - -", "object"],
    ["CON", "con-object"],
    ["com1", "com1-object"],
    ["console", "console"],
  ])("of %j is %s", (name, file) => expect(fileName(name)).toBe(file));

  it("is short enough, and ends with a whole letter", () => {
    const long = fileName("क्षि".repeat(60));
    expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(120);
    expect(long).toMatch(/^(क्षि)+$/u);
  });
});

describe("distinct", () => {
  it("numbers what occurs again, and never twice alike", () => {
    expect(distinct(["cup", "cup", "cup-2", "cup"])).toEqual(["cup", "cup-2", "cup-2-2", "cup-3"]);
    expect(distinct(["Cup", "cup"])).toEqual(["Cup", "cup-2"]);
  });
});
