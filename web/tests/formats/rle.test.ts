/** COCO's run lengths, against what pycocotools writes (tests/golden/make_rle.py). */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaOf, boundsOf, compressRuns, RunCounter } from "../../src/formats/rle";

interface Case {
  name: string;
  rows: string[];
  counts: string;
  area: number;
  bbox: [number, number, number, number] | null;
}
const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL("../../../tests/golden/rle.json", import.meta.url), "utf8"),
);

/** Opacity of some columns of a mask. */
const strip = (rows: readonly string[], from: number, to: number): Uint8Array =>
  Uint8Array.from(rows.flatMap((row) => Array.from(row.slice(from, to), (digit) => Number(digit) * 255)));

function runsOf(rows: readonly string[], columns: number): number[] {
  const counter = new RunCounter();
  const { length } = rows[0]!;
  for (let x = 0; x < length; x += columns) counter.add(strip(rows, x, x + columns), Math.min(columns, length - x));
  return counter.finish();
}

describe.each(cases)("$name", ({ rows, counts, area, bbox }) => {
  it.each([1, 3, 1000])("is written as COCO writes it, %i columns at a time", (columns) => {
    expect(compressRuns(runsOf(rows, columns))).toBe(counts);
  });

  it("has its area and its box", () => {
    const runs = runsOf(rows, 1000);
    const box = boundsOf(runs, rows.length);
    expect(areaOf(runs)).toBe(area);
    expect(box && [box.x, box.y, box.width, box.height]).toEqual(bbox);
  });
});

it("takes half-transparent pixels by halves", () => {
  const counter = new RunCounter();
  counter.add(Uint8Array.of(0, 127, 128, 255), 1);
  expect(counter.finish()).toEqual([2, 2]);
});

it("writes runs of a huge photo", () => {
  // What the string says, read back as the format defines it.
  const read = (counts: string): number[] => {
    const found: number[] = [];
    let [value, shift] = [0, 0];
    for (const character of counts) {
      const group = character.charCodeAt(0) - 48;
      value += (group & 31) * 2 ** shift;
      shift += 5;
      if (group & 32) continue;
      if (group & 16) value -= 2 ** shift;
      found.push(value + (found.length > 2 ? found.at(-2)! : 0));
      [value, shift] = [0, 0];
    }
    return found;
  };
  fc.assert(
    fc.property(fc.array(fc.nat(120_000_000)), (runs) => {
      expect(read(compressRuns(runs))).toEqual(runs);
    }),
  );
});
