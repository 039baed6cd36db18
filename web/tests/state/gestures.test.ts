import { describe, expect, it } from "vitest";
import { viewPoint } from "../../src/engine/core/geometry";
import { idle, recognise, type Gesture, type PointerInput } from "../../src/state/gestures";

const at = viewPoint;
const nothing = () => null;

/** Feeds inputs one after the other; returns all gestures but the timer's, and the last state. */
function play(inputs: PointerInput[], hit: (at: { x: number; y: number }) => number | null = nothing) {
  let state = idle;
  const gestures: Gesture[] = [];
  for (const input of inputs) {
    const [next, found] = recognise(state, input, hit);
    state = next;
    gestures.push(...found);
  }
  return {
    state,
    gestures: gestures.filter(({ type }) => type !== "timer"),
    timers: gestures.filter(({ type }) => type === "timer"),
  };
}

const mouse = (x: number, y: number, more: Partial<PointerInput> = {}): PointerInput =>
  ({ type: "down", id: 1, at: at(x, y), touch: false, secondary: false, pan: false, ...more }) as PointerInput;
const finger = (id: number, x: number, y: number): PointerInput => ({
  type: "down",
  id,
  at: at(x, y),
  touch: true,
  secondary: false,
  pan: false,
});
const move = (id: number, x: number, y: number): PointerInput => ({ type: "move", id, at: at(x, y) });
const up = (id: number, x: number, y: number): PointerInput => ({ type: "up", id, at: at(x, y) });

describe("one pointer", () => {
  it("taps where it went down, though it slipped a little", () => {
    expect(play([mouse(10, 10), move(1, 12, 11), up(1, 12, 11)]).gestures).toEqual([
      { type: "tap", at: at(10, 10), secondary: false },
    ]);
  });

  it("leaves out with the right button", () => {
    expect(play([mouse(10, 10, { secondary: true }), up(1, 10, 10)]).gestures).toEqual([
      { type: "tap", at: at(10, 10), secondary: true },
    ]);
  });

  it("is forgotten when it moves without a button: its release was never heard", () => {
    const stray: PointerInput = { type: "move", id: 1, at: at(30, 30), released: true };
    expect(play([mouse(10, 10), stray, mouse(40, 40), up(1, 40, 40)]).gestures).toEqual([
      { type: "tap", at: at(40, 40), secondary: false },
    ]);
    expect(play([mouse(10, 10), move(1, 60, 60), stray]).gestures.at(-1)).toEqual({ type: "revoke" });
  });

  it("is forgotten when another one is the first to go down", () => {
    const { gestures, state } = play([
      finger(1, 10, 10),
      { ...finger(2, 40, 40), first: true } as PointerInput,
      up(2, 40, 40),
    ]);
    expect(gestures).toEqual([{ type: "tap", at: at(40, 40), secondary: false }]);
    expect(state).toEqual(idle);
    const again = { first: true };
    expect(
      play([mouse(10, 10, again), move(1, 60, 60), mouse(30, 30, again), up(1, 30, 30)]).gestures.slice(-2),
    ).toEqual([{ type: "revoke" }, { type: "tap", at: at(30, 30), secondary: false }]);
  });

  it("leaves out after a long press, once", () => {
    const { gestures, timers, state } = play([finger(1, 10, 10), { type: "held" }, up(1, 10, 10)]);
    expect(gestures).toEqual([{ type: "tap", at: at(10, 10), secondary: true }]);
    expect(timers).toEqual([{ type: "timer", on: true }]);
    expect(state).toEqual(idle);
  });

  it("needs no timer with a mouse", () => {
    expect(play([mouse(10, 10)]).timers).toEqual([]);
  });

  it("drags a box", () => {
    expect(play([mouse(10, 10), move(1, 40, 30), up(1, 50, 60)]).gestures).toEqual([
      { type: "box", from: at(10, 10), to: at(40, 30), done: false },
      { type: "box", from: at(10, 10), to: at(50, 60), done: true },
    ]);
  });

  it("selects a point, or drags it", () => {
    expect(play([mouse(10, 10), up(1, 10, 10)], () => 3).gestures).toEqual([{ type: "select", point: 3 }]);
    expect(play([mouse(10, 10), move(1, 30, 10), up(1, 30, 10)], () => 3).gestures).toEqual([
      { type: "drag", point: 3, by: { dx: 20, dy: 0 } },
      { type: "drop" },
    ]);
  });

  it("pans with the middle button", () => {
    expect(play([mouse(10, 10, { pan: true } as Partial<PointerInput>), move(1, 15, 12)]).gestures).toEqual([
      { type: "pinch", anchor: at(15, 12), dx: 5, dy: 2, factor: 1 },
    ]);
  });

  it("takes back what was begun when it is cancelled", () => {
    expect(play([finger(1, 10, 10), move(1, 60, 60), { type: "cancel", id: 1 }]).gestures.at(-1)).toEqual({
      type: "revoke",
    });
  });

  it("ignores pointers that never went down", () => {
    expect(play([move(7, 1, 1), up(7, 1, 1), { type: "cancel", id: 7 }])).toMatchObject({ gestures: [], state: idle });
  });
});

describe("two fingers", () => {
  it("pinch around their middle", () => {
    const { gestures } = play([finger(1, 100, 100), finger(2, 200, 100), move(2, 300, 100)]);
    expect(gestures).toEqual([{ type: "pinch", anchor: at(200, 100), dx: 50, dy: 0, factor: 2 }]);
  });

  it("take back the box that the first had begun, and never tap", () => {
    const { gestures, state } = play([
      finger(1, 0, 0),
      move(1, 50, 50),
      finger(2, 80, 80),
      up(2, 80, 80),
      up(1, 50, 50),
    ]);
    expect(gestures.map(({ type }) => type)).toEqual(["box", "revoke"]);
    expect(state).toEqual(idle);
  });

  it("go on panning with the finger that stays", () => {
    const { gestures } = play([finger(1, 0, 0), finger(2, 100, 0), up(2, 100, 0), move(1, 10, 5)]);
    expect(gestures).toEqual([{ type: "pinch", anchor: at(10, 5), dx: 10, dy: 5, factor: 1 }]);
  });

  it("stop the long press", () => {
    const { gestures, timers } = play([finger(1, 0, 0), finger(2, 100, 0), { type: "held" }]);
    expect(gestures).toEqual([]);
    expect(timers.at(-1)).toEqual({ type: "timer", on: false });
  });
});

describe("a tool that draws", () => {
  const drawing = (more: Partial<PointerInput> = {}) =>
    ({ ...finger(1, 10, 10), draws: true, ...more }) as PointerInput;

  it("strokes from where it went down to where it was lifted", () => {
    expect(play([drawing(), move(1, 12, 10), move(1, 40, 30), up(1, 41, 30)], () => 3)).toMatchObject({
      gestures: [
        { type: "stroke", phase: "begin", at: at(10, 10), secondary: false },
        { type: "stroke", phase: "on", at: at(12, 10) },
        { type: "stroke", phase: "on", at: at(40, 30) },
        { type: "stroke", phase: "end", at: at(41, 30) },
      ],
      timers: [],
      state: idle,
    });
  });

  it("says which button it was", () => {
    expect(
      play([mouse(1, 1, { draws: true, secondary: true } as Partial<PointerInput>), up(1, 1, 1)]).gestures.at(-1),
    ).toMatchObject({ type: "stroke", secondary: true });
  });

  it("is taken back by a second finger, which moves the photo", () => {
    const { gestures } = play([drawing(), move(1, 50, 50), finger(2, 90, 50), move(2, 100, 50)]);
    expect(gestures.map(({ type }) => type)).toEqual(["stroke", "stroke", "revoke", "pinch"]);
  });

  it("is taken back when it is cancelled", () => {
    expect(play([drawing(), { type: "cancel", id: 1 }]).gestures.at(-1)).toEqual({ type: "revoke" });
  });

  it("picks with Alt and pans with the space bar all the same", () => {
    expect(play([drawing({ pick: true } as Partial<PointerInput>), up(1, 10, 10)]).gestures).toEqual([
      { type: "pick", at: at(10, 10) },
    ]);
    expect(play([drawing({ pan: true } as Partial<PointerInput>), move(1, 20, 10)]).gestures).toMatchObject([
      { type: "pinch" },
    ]);
  });
});
