/** What is timed, and how little is done on a slow device. */
import { describe, expect, it } from "vitest";
import type { EncodedImage, Prompt } from "../../src/engine/segmenter";
import { measureSpeed } from "../../src/state/speed";

const photo = { width: 400, height: 300 } as ImageData;

/** A model whose photos and taps take as long as told, one after the other; the last one again and again. */
function device(encodes: number[], taps: number[]) {
  let clock = 0;
  const spend = (times: number[]) => void (clock += times.length > 1 ? times.shift()! : times[0]!);
  const asked: Prompt[] = [];
  let held = 0;
  const segmenter = {
    encode: async () => {
      spend(encodes);
      held++;
      return {
        ...photo,
        segment: async (prompt: Prompt) => (asked.push(prompt), spend(taps)),
        release: () => held--,
      } as unknown as EncodedImage;
    },
  };
  return { segmenter, asked, now: () => clock, held: () => held };
}

describe("measureSpeed", () => {
  it("tells the first photo from the others, and the usual tap from the slow ones", async () => {
    const { segmenter, asked, now, held } = device([900, 100, 300, 200, 200], [90, 10, 10, 10, 20, 30, 10, 10, 10, 10]);
    const speed = await measureSpeed(segmenter, photo, { encodes: 4, taps: 10, patience: 10_000 }, now);
    expect(speed).toEqual({ firstEncode: 900, encode: 200, tapP50: 10, tapP95: 90 });
    expect(held()).toBe(0);
    expect(new Set(asked.map(({ points }) => `${points[0]!.x} ${points[0]!.y}`)).size).toBe(10);
    for (const { points } of asked) {
      expect(points[0]!.x).toBeLessThan(400);
      expect(points[0]!.y).toBeLessThan(300);
    }
  });

  it("does with one photo and one tap where those take long", async () => {
    const { segmenter, asked, now } = device([7000], [6000]);
    const speed = await measureSpeed(segmenter, photo, { encodes: 6, taps: 40, patience: 5000 }, now);
    expect(speed).toEqual({ firstEncode: 7000, encode: 7000, tapP50: 6000, tapP95: 6000 });
    expect(asked).toHaveLength(1);
  });
});
