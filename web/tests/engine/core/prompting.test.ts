/** From a prompt to the decoder's inputs, and from its four masks to the three on offer. */
import { describe, expect, test } from "vitest";
import { candidates } from "../../../src/engine/core/candidates";
import { modelFeeds, PromptError, promptFeeds } from "../../../src/engine/core/feeds";
import { letterbox } from "../../../src/engine/core/geometry";
import { compareSelfTest } from "../../../src/engine/core/selftest";
import { sampleManifest } from "../../support";

const point = { x: 300, y: 100, label: 1 } as const;
const box = { x1: 10, y1: 20, x2: 600, y2: 400 };
const frame = letterbox(640, 480, 320);

describe("feeds", () => {
  test("append one padding point to points alone", () => {
    const feeds = promptFeeds({ points: [point, { x: 2, y: 4, label: 0 }] }, frame, 80);
    expect([...feeds.point_coords.data]).toEqual([150, 50, 1, 2, 0, 0]);
    expect(feeds.point_coords.dims).toEqual([1, 3, 2]);
    expect([...feeds.point_labels.data]).toEqual([1, 0, -1]);
  });

  test("append the box's corners instead when there is one", () => {
    const feeds = promptFeeds({ points: [point], box }, frame, 80);
    expect([...feeds.point_coords.data]).toEqual([150, 50, 5, 10, 300, 200]);
    expect([...feeds.point_labels.data]).toEqual([1, 2, 3]);
  });

  test("hand an earlier answer on, and say whether there is one", () => {
    const mask = { logits: new Float32Array(80 * 80).fill(7), size: 80 };
    expect(promptFeeds({ points: [point], mask }, frame, 80).mask_input.data).toBe(mask.logits);
    expect([...promptFeeds({ points: [point], mask }, frame, 80).has_mask_input.data]).toEqual([1]);
    expect([...promptFeeds({ points: [point] }, frame, 80).has_mask_input.data]).toEqual([0]);
    expect(promptFeeds({ points: [point] }, frame, 80).mask_input.dims).toEqual([1, 1, 80, 80]);
  });

  test("refuse a mask of another model's size", () => {
    const mask = { logits: new Float32Array(256 * 256), size: 256 };
    expect(() => promptFeeds({ points: [point], mask }, frame, 80)).toThrow(PromptError);
  });

  test("pad points that lie in the model frame already", () => {
    expect([...modelFeeds([[160, 120]], [1], 80).point_coords.data]).toEqual([160, 120, 0, 0]);
  });
});

describe("candidates", () => {
  const ious = [0.99, 0.3, 0.8, 0.5];
  test("of a lone point are tokens 1, 2, 3 in their own order, the best by predicted IoU", () => {
    expect(candidates(ious, { points: [point] })).toEqual({ tokens: [1, 2, 3], best: 1 });
  });
  test.each([
    ["two points", { points: [point, point] }],
    ["a box", { points: [], box }],
    ["a box and a point", { points: [point], box }],
  ])("of %s are token 0 and the two best others", (_, prompt) => {
    expect(candidates(ious, prompt)).toEqual({ tokens: [0, 2, 3], best: 0 });
  });
  test("keep the order of tokens when they tie", () => {
    expect(candidates([0, 0.5, 0.5, 0.5], { points: [point] }).best).toBe(0);
    expect(candidates([0, 0.5, 0.5, 0.5], { points: [], box }).tokens).toEqual([0, 1, 2]);
  });
});

describe("the self-test", () => {
  const test_ = sampleManifest().models[0]!.variants.fp32!.self_test;
  const ious = [0.1, 0.2, 0.3, 0.4];
  const logits = [1, 0, 0, 0, 0, -20];

  test("passes what is close enough, measured by the size of the logit", () => {
    expect(compareSelfTest(test_, [0.12, 0.2, 0.3, 0.4], [1.04, 0, 0, 0, 0, -20.9]).passed).toBe(true);
  });
  test.each([
    ["a predicted IoU that is off", [0.1, 0.2, 0.3, 0.5], logits],
    ["a logit that is off", ious, [1.2, 0, 0, 0, 0, -20]],
    ["only zeros", [0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
    ["a number that is none", ious, [Number.NaN, 0, 0, 0, 0, -20]],
    ["an output that is too short", ious, [1]],
  ])("fails %s", (_, ious, logits) => {
    const verdict = compareSelfTest(test_, ious, logits);
    expect(verdict.passed).toBe(false);
    expect(verdict.reason).toMatch(/predicted IoU|logit/);
  });
});
