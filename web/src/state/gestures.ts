/**
 * What fingers and mice on the stage mean, as a pure state machine: an event in, the next state and a list of gestures
 * out.
 *
 * One pointer taps, holds (a tap that leaves out), drags a box, or drags a point; with a tool that draws, it strokes
 * from the first moment on. Two fingers pan and pinch, and take back what the first had begun. Nothing here knows the
 * DOM, the photo or time: a timer that was asked for comes back as an event.
 */
import { viewPoint, type ViewPoint } from "../engine/core/geometry";

export type PointerInput =
  | {
      readonly type: "down";
      readonly id: number;
      readonly at: ViewPoint;
      readonly touch: boolean;
      /** The right button, or the left one with Control. */
      readonly secondary: boolean;
      /** With Alt: means an object as a whole. */
      readonly pick?: boolean;
      /** The tool draws: no taps, no boxes. */
      readonly draws?: boolean;
      /** The middle button, or the left one with the space bar. */
      readonly pan: boolean;
      /** The browser knows of no other finger or pen: the release of those that went down before was never heard. */
      readonly first?: boolean;
    }
  | {
      readonly type: "move";
      readonly id: number;
      readonly at: ViewPoint;
      /** No button is down: the release of a mouse was never heard, as when it came over another window. */
      readonly released?: boolean;
    }
  | { readonly type: "up"; readonly id: number; readonly at: ViewPoint }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "held" };

export type Gesture =
  | { readonly type: "tap"; readonly at: ViewPoint; readonly secondary: boolean }
  | { readonly type: "pick"; readonly at: ViewPoint }
  | { readonly type: "select"; readonly point: number }
  /** `by` is the way from where the drag began. */
  | { readonly type: "drag"; readonly point: number; readonly by: { dx: number; dy: number } }
  | { readonly type: "drop" }
  | { readonly type: "box"; readonly from: ViewPoint; readonly to: ViewPoint; readonly done: boolean }
  /** `begin` and `end` come once each, unless it is revoked. */
  | {
      readonly type: "stroke";
      readonly phase: "begin" | "on" | "end";
      readonly at: ViewPoint;
      readonly secondary: boolean;
    }
  /** Moves the photo by the way of `anchor` and scales it there. */
  | {
      readonly type: "pinch";
      readonly anchor: ViewPoint;
      readonly dx: number;
      readonly dy: number;
      readonly factor: number;
    }
  /** A box, a drag or a stroke that was begun did not mean it. */
  | { readonly type: "revoke" }
  | { readonly type: "timer"; readonly on: boolean };

type Mode =
  | { readonly type: "idle" }
  | {
      readonly type: "pressed";
      readonly id: number;
      readonly start: ViewPoint;
      readonly touch: boolean;
      readonly secondary: boolean;
      readonly pick: boolean;
      readonly point: number | null;
    }
  | { readonly type: "box"; readonly id: number; readonly start: ViewPoint }
  | { readonly type: "point"; readonly id: number; readonly start: ViewPoint; readonly point: number }
  | { readonly type: "stroke"; readonly id: number; readonly secondary: boolean }
  /** One pointer pans, two also pinch. */
  | { readonly type: "move-photo" }
  /** The gesture is over, but pointers are still down. */
  | { readonly type: "spent" };

export interface GestureState {
  readonly mode: Mode;
  readonly pointers: ReadonlyMap<number, ViewPoint>;
}

export const idle: GestureState = { mode: { type: "idle" }, pointers: new Map() };

/** How far a pointer may slip and still tap, in CSS pixels. */
const slip = { mouse: 4, touch: 10 };

type Step = [GestureState, Gesture[]];

/** @param hit The point under a place, or null. */
export function recognise(state: GestureState, input: PointerInput, hit: (at: ViewPoint) => number | null): Step {
  switch (input.type) {
    case "down":
      return pressed(state, input, hit);
    case "move":
      if (!state.pointers.has(input.id)) return [state, []];
      return input.released ? recognise(state, { type: "cancel", id: input.id }, hit) : move(state, input.id, input.at);
    case "up":
      return state.pointers.has(input.id) ? up(state, input.id, input.at) : [state, []];
    case "cancel":
      return state.pointers.has(input.id) ? [without(state, input.id, "spent"), begun(state.mode)] : [state, []];
    case "held":
      return held(state);
  }
}

/** Without the pointers whose release was never heard: what they had begun is taken back. */
function pressed(
  state: GestureState,
  input: PointerInput & { type: "down" },
  hit: (at: ViewPoint) => number | null,
): Step {
  if (!state.pointers.size || !input.first) return down(state, input, hit);
  const [next, gestures] = down(idle, input, hit);
  return [next, [...begun(state.mode), ...gestures]];
}

function down(
  state: GestureState,
  input: PointerInput & { type: "down" },
  hit: (at: ViewPoint) => number | null,
): Step {
  const { id, at, touch, secondary, pick = false, draws = false } = input;
  const pointers = new Map(state.pointers).set(id, at);
  if (state.pointers.size > 0) {
    // A second mouse button is no second finger; a second finger always means the photo.
    return touch ? [{ mode: { type: "move-photo" }, pointers }, begun(state.mode)] : [{ ...state, pointers }, []];
  }
  if (input.pan) return [{ mode: { type: "move-photo" }, pointers }, []];
  if (draws && !pick)
    return [{ mode: { type: "stroke", id, secondary }, pointers }, [{ type: "stroke", phase: "begin", at, secondary }]];
  const mode: Mode = { type: "pressed", id, start: at, touch, secondary, pick, point: pick ? null : hit(at) };
  return [{ mode, pointers }, touch && mode.point === null ? [{ type: "timer", on: true }] : []];
}

function move(state: GestureState, id: number, at: ViewPoint): Step {
  const { mode } = state;
  const pointers = new Map(state.pointers).set(id, at);
  const next: GestureState = { mode, pointers };
  if (mode.type === "move-photo") return [next, [pinch([...state.pointers.values()], [...pointers.values()])]];
  if (mode.type === "box" && id === mode.id) return [next, [{ type: "box", from: mode.start, to: at, done: false }]];
  if (mode.type === "stroke" && id === mode.id)
    return [next, [{ type: "stroke", phase: "on", at, secondary: mode.secondary }]];
  if (mode.type === "point" && id === mode.id) return [next, [dragOf(mode, at)]];
  if (mode.type !== "pressed" || id !== mode.id || distance(mode.start, at) <= (mode.touch ? slip.touch : slip.mouse))
    return [next, []];
  const timer: Gesture = { type: "timer", on: false };
  if (mode.secondary) return [{ mode: { type: "move-photo" }, pointers }, [timer]];
  if (mode.point !== null) {
    const dragging: Mode = { type: "point", id, start: mode.start, point: mode.point };
    return [{ mode: dragging, pointers }, [timer, dragOf(dragging, at)]];
  }
  return [
    { mode: { type: "box", id, start: mode.start }, pointers },
    [timer, { type: "box", from: mode.start, to: at, done: false }],
  ];
}

function up(state: GestureState, id: number, at: ViewPoint): Step {
  const { mode } = state;
  const after = without(state, id, mode.type === "move-photo" ? "move-photo" : "spent");
  if (mode.type === "pressed" && id === mode.id) {
    return [after, [{ type: "timer", on: false }, tapOf(mode)]];
  }
  if (mode.type === "box" && id === mode.id) return [after, [{ type: "box", from: mode.start, to: at, done: true }]];
  if (mode.type === "stroke" && id === mode.id)
    return [after, [{ type: "stroke", phase: "end", at, secondary: mode.secondary }]];
  if (mode.type === "point" && id === mode.id) return [after, [{ type: "drop" }]];
  return [after, []];
}

function tapOf({ start: at, secondary, pick, point }: Mode & { type: "pressed" }): Gesture {
  if (pick) return { type: "pick", at };
  return point === null ? { type: "tap", at, secondary } : { type: "select", point };
}

function held(state: GestureState): Step {
  const { mode } = state;
  if (mode.type !== "pressed" || mode.point !== null) return [state, []];
  return [{ ...state, mode: { type: "spent" } }, [{ type: "tap", at: mode.start, secondary: true }]];
}

/** The state once a pointer has left: idle with the last one. */
function without(state: GestureState, id: number, rest: "spent" | "move-photo"): GestureState {
  const pointers = new Map(state.pointers);
  pointers.delete(id);
  return pointers.size ? { mode: { type: rest }, pointers } : idle;
}

/** What has to be taken back when a gesture turns into another. */
function begun(mode: Mode): Gesture[] {
  if (mode.type === "pressed") return [{ type: "timer", on: false }];
  return mode.type === "box" || mode.type === "point" || mode.type === "stroke" ? [{ type: "revoke" }] : [];
}

const dragOf = (mode: { start: ViewPoint; point: number }, at: ViewPoint): Gesture => ({
  type: "drag",
  point: mode.point,
  by: { dx: at.x - mode.start.x, dy: at.y - mode.start.y },
});

/** Compares the middle and the spread of the pointers (the first two count) before and after one has moved. */
function pinch(before: ViewPoint[], after: ViewPoint[]): Gesture {
  const [from, to] = [middle(before), middle(after)];
  const spread = distance(before[0]!, before[1] ?? before[0]!);
  const factor = spread > 0 ? distance(after[0]!, after[1] ?? after[0]!) / spread : 1;
  return { type: "pinch", anchor: to, dx: to.x - from.x, dy: to.y - from.y, factor: factor || 1 };
}

const middle = ([a, b = a]: ViewPoint[]): ViewPoint => viewPoint((a!.x + b!.x) / 2, (a!.y + b!.y) / 2);

const distance = (a: ViewPoint, b: ViewPoint): number => Math.hypot(a.x - b.x, a.y - b.y);
