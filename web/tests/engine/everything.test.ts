/** The search for all masks: in small pieces, behind taps, and to be cancelled. */
import { describe, expect, test } from "vitest";
import type { Spotted } from "../../src/engine/core/everything";
import { findEverything, type EverythingCalls } from "../../src/engine/everything";
import { RunQueue } from "../../src/engine/queue";
import type { FoundMask, Segmentation } from "../../src/engine/types";
import { deferred } from "./fakes";

const photo = { width: 80, height: 60 };
const box = { x1: 0, y1: 0, x2: 4, y2: 4 };
const held = new Uint8Array();
const spotted = (tap: number): Spotted => ({ tap, token: 2, predictedIou: 0.9, stability: 0.97, box, held });
const segmentation: Segmentation = { masks: [], scores: [0.1, 0.2, 0.3], tokens: [1, 2, 3], best: 0 };

/** Finds a mask at every tenth place; the next round is the first place without a tap. Notes what it is asked. */
function fakeCalls() {
  const asked = { spot: [] as number[], answer: [] as number[], bars: 0, rounds: 0 };
  const calls: EverythingCalls = {
    spot: async (places) => {
      asked.spot.push(...places);
      return places.filter((place) => place % 10 === 0).map(spotted);
    },
    explore: async (_, tapped, { pointsPerSide }) => {
      asked.rounds++;
      const places = Array.from({ length: pointsPerSide ** 2 }, (__, place) => place);
      return [places.find((place) => !tapped.includes(place))!];
    },
    select: async (all, bars) => {
      asked.bars = bars.length;
      return { kept: [...all], bar: bars[0]! };
    },
    answer: async (taps) => {
      asked.answer.push(taps.length);
      return taps.map(() => segmentation);
    },
  };
  return { calls, asked };
}

test("asks about every place once, tells how far it is, and brings the answers of what is kept", async () => {
  const { calls, asked } = fakeCalls();
  const seen: number[] = [];
  const { masks, predIouThresh } = await findEverything(calls, photo, {
    pointsPerSide: 10,
    onProgress: ({ done }) => seen.push(done),
  });
  expect(asked.spot).toEqual(Array.from({ length: 100 }, (_, place) => place));
  expect(asked.rounds).toBe(0);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect([seen[0], seen.at(-1)]).toEqual([0, 100]);
  expect(masks).toHaveLength(10);
  expect(masks[1]).toMatchObject({ point: { x: 4, y: 9 }, candidate: 1, predictedIou: 0.9 });
  expect(asked.answer.reduce((a, b) => a + b)).toBe(10);
  expect(predIouThresh).toBe(0.88);
});

test("taps no more places than it may, round by round, and shows what it has on the way", async () => {
  const { calls, asked } = fakeCalls();
  const shown: FoundMask[][] = [];
  const { masks } = await findEverything(calls, photo, {
    pointsPerSide: 10,
    mostTaps: 20,
    onFound: (some) => void shown.push(some),
  });
  expect(asked.spot).toEqual([11, 14, 17, 41, 44, 47, 71, 74, 77, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(shown.length).toBeGreaterThan(2); // in the first round of nine already
  expect([shown[0]!.length, shown.at(-1)!.length, masks.length]).toEqual([0, 1, 2]);
  expect(masks[0]).toBe(shown.at(-1)![0]); // the same mask is the same object
  expect(asked.answer).toEqual([1, 1]);
});

test("keeps to thresholds that are given", async () => {
  const { calls, asked } = fakeCalls();
  expect(await findEverything(calls, photo, { pointsPerSide: 2, predIouThresh: 0.4 })).toMatchObject({
    predIouThresh: 0.4,
    stabilityScoreThresh: 0.95,
  });
  expect(asked.bars).toBe(1);
  await findEverything(calls, photo, { pointsPerSide: 2, enough: 0 });
  expect(asked.bars).toBe(1);
  await findEverything(calls, photo, { pointsPerSide: 2 });
  expect(asked.bars).toBeGreaterThan(3);
});

describe("in the queue", () => {
  test("a tap and a hover go before the next piece", async () => {
    const queue = new RunQueue();
    const gate = deferred<void>();
    const log: string[] = [];
    const note = (name: string) => async () => void log.push(name);
    const all = [
      queue.run("everything", () => gate.promise),
      queue.run("everything", note("piece")),
      queue.run("hover", note("hover"), { key: 1 }),
      queue.run("tap", note("tap"), { key: 1 }),
    ];
    gate.resolve();
    await Promise.all(all);
    expect(log).toEqual(["tap", "hover", "piece"]);
  });

  test("it ends at once when it is cancelled, and asks nothing more", async () => {
    const queue = new RunQueue();
    const { calls, asked } = fakeCalls();
    const abort = new AbortController();
    const queued: EverythingCalls = {
      ...calls,
      spot: (places, settings, signal) => queue.run("everything", () => calls.spot(places, settings), { signal }),
    };
    const onProgress = ({ done }: { done: number }) => done >= 8 && abort.abort();
    await expect(
      findEverything(queued, photo, { pointsPerSide: 20, signal: abort.signal, onProgress }),
    ).rejects.toMatchObject({ code: "aborted" });
    expect(asked.spot.length).toBeLessThan(100);
    expect(asked.answer).toEqual([]);
  });
});
