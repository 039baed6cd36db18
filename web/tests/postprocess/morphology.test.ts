import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectedParts, fillHoles, keepParts, signedDistance, turnCrumbs } from "../../src/postprocess/morphology";

/** A mask drawn with letters; anything but a dot belongs to it. */
function drawn(...rows: string[]) {
  const size = { width: rows[0]!.length, height: rows.length };
  return { size, mask: Uint8Array.from(rows.join(""), (letter) => (letter === "." ? 0 : 1)) };
}

const text = (mask: Uint8Array, { width, height }: { width: number; height: number }) =>
  Array.from({ length: height }, (_, y) =>
    [...mask.subarray(y * width, (y + 1) * width)].map((value) => (value ? "#" : ".")).join(""),
  );

describe("connectedParts", () => {
  it("tells parts apart that touch at corners only", () => {
    const { size, mask } = drawn("##..", "##..", "..##", "...#");
    const { parts, labels } = connectedParts(mask, size);
    expect(parts).toEqual([
      { area: 4, atBorder: true },
      { area: 3, atBorder: true },
    ]);
    expect([labels[0], labels[2], labels[10]]).toEqual([0, -1, 1]);
  });

  it("counts every sample once", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1), { minLength: 60, maxLength: 60 }), (values) => {
        const mask = Uint8Array.from(values);
        const size = { width: 10, height: 6 };
        const areas = [...connectedParts(mask, size, 1).parts, ...connectedParts(mask, size, 0).parts].map(
          ({ area }) => area,
        );
        expect(areas.reduce((a, b) => a + b, 0)).toBe(60);
      }),
    );
  });

  it("keeps the parts that are asked for", () => {
    const { size, mask } = drawn("##.#", "##..", "....", ".#..");
    keepParts(mask, connectedParts(mask, size), ({ area }) => area > 1);
    expect(text(mask, size)).toEqual(["##..", "##..", "....", "...."]);
  });
});

describe("fillHoles", () => {
  const picture = ["#######", "#.###.#", "##..#.#", "##..#.#", "#####.#"];

  it("fills what is closed, not what is open to the border", () => {
    const { size, mask } = drawn(...picture);
    fillHoles(mask, size);
    expect(text(mask, size)).toEqual(["#######", "#####.#", "#####.#", "#####.#", "#####.#"]);
  });

  it("leaves large holes when only small ones are wanted", () => {
    const { size, mask } = drawn(...picture);
    fillHoles(mask, size, 1);
    expect(text(mask, size)[1]).toBe("#####.#");
    expect(text(mask, size)[2]).toBe("##..#.#");
  });
});

describe("turnCrumbs", () => {
  it("turns small parts and small gaps, but nothing at the border", () => {
    const { size, mask } = drawn("#......", "..#.###", "....###", "..#####", "..##.##", "..#####");
    expect(turnCrumbs(mask, size, 1)).toEqual([32, 9]);
    expect(text(mask, size)).toEqual(["#......", "....###", "....###", "..#####", "..#####", "..#####"]);
  });
});

describe("signedDistance", () => {
  it("is the distance to the nearest sample of the other kind, less half a sample", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.infiniteStream(fc.constantFrom(0, 0, 1)),
        (width, height, values) => {
          const mask = Uint8Array.from({ length: width * height }, () => values.next().value!);
          const found = signedDistance(mask, { width, height });
          for (let i = 0; i < mask.length; i++) {
            const others = [...mask.keys()].filter((j) => mask[j] !== mask[i]);
            const nearest = Math.min(
              ...others.map((j) =>
                Math.hypot((i % width) - (j % width), Math.floor(i / width) - Math.floor(j / width)),
              ),
            );
            const expected = others.length ? nearest - 0.5 : 1e6;
            expect(found[i]).toBeCloseTo(mask[i] ? expected : -expected, 3);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
