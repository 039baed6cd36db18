/** Tools that draw: the line under the finger, and what becomes of it. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { lassoBox, lassoMask, lassoPoints, lengthOf, scribblePoints } from "../document/curves";
import { addStroke, isEmpty, type Document } from "../document/document";
import { viewToImage, type ImagePoint, type ViewPoint } from "../engine/core/geometry";
import { simplify } from "../postprocess/simplify";
import type { Stroke } from "../postprocess/strokes";
import { correctAlong, encircle } from "../document/edits";
import type { Session } from "./session";
import type { Gesture } from "./gestures";
import type { Viewport } from "./viewport";
import { paints, type Tool } from "./tool";

/** A line that is being drawn, in image pixels. */
export interface Line {
  readonly tool: Exclude<Tool, "tap">;
  readonly points: readonly ImagePoint[];
  readonly radius: number;
  /** It takes away: erases, or says what is not part of the object. */
  readonly negative: boolean;
}

/** CSS pixels. */
export const sizes = { min: 2, max: 80 } as const;
/** A shorter line is a tap, in CSS pixels. */
const shortest = 14;
/** Between the points of a scribble at least, in CSS pixels. */
const spacing = 28;
/** How far a stored line may be from the one that was drawn, in CSS pixels. */
const tolerance = 0.5;

export class Drawing {
  readonly tool = signal<Tool>("tap");
  /** Of the brush, in CSS pixels: who zooms in paints finer. */
  readonly radius = signal(18);
  readonly line = signal<Line | null>(null);
  /** Where the mouse is; null: beside the photo, or there is none. */
  readonly pointer = signal<ViewPoint | null>(null);

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly viewport: Viewport,
    private readonly host: {
      edit(change: (doc: Document) => Document): void;
      ask(change: (doc: Document) => Document): void;
      tap(at: ImagePoint, other: boolean): void;
      readonly leavesOut: boolean;
    },
  ) {}

  readonly draws = computed(() => this.tool.value !== "tap");
  readonly paints = computed(() => paints(this.tool.value));

  choose(tool: Tool): void {
    this.tool.value = tool;
    this.line.value = null;
  }

  resize(factor: number): void {
    this.radius.value = Math.min(Math.max(this.radius.peek() * factor, sizes.min), sizes.max);
  }

  draw({ phase, at, secondary }: Gesture & { type: "stroke" }): void {
    const point = viewToImage(at, this.viewport.view.peek());
    this.pointer.value = at;
    if (phase === "begin") this.begin(point, secondary);
    else this.extend(point);
    if (phase === "end") this.finish();
  }

  /** A dot of the brush, for the keyboard. */
  stamp(at: ImagePoint, other: boolean): void {
    this.begin(at, other);
    this.finish();
  }

  /** What was begun was not meant. */
  revoke(): void {
    this.line.value = null;
  }

  reset(): void {
    this.choose("tap");
    this.pointer.value = null;
  }

  private begin(point: ImagePoint, other: boolean): void {
    const tool = this.tool.peek();
    if (tool === "tap") return;
    const negative = (paints(tool) ? tool === "eraser" : this.host.leavesOut) !== other;
    this.line.value = { tool, points: [point], radius: this.radius.peek() / this.viewport.view.peek().scale, negative };
  }

  private extend(point: ImagePoint): void {
    const line = this.line.peek();
    const last = line?.points.at(-1);
    if (line && (last!.x !== point.x || last!.y !== point.y))
      this.line.value = { ...line, points: [...line.points, point] };
  }

  private finish(): void {
    const line = this.line.peek();
    const session = this.session.peek();
    this.line.value = null;
    if (!line || !session) return;
    const { scale } = this.viewport.view.peek();
    const points = simplify(line.points, tolerance / scale);
    if (paints(line.tool)) this.paint(session, { points, radius: line.radius, erase: line.negative });
    else if (lengthOf(points) * scale < shortest) this.host.tap(points[0]!, line.negative !== this.host.leavesOut);
    else if (line.tool === "lasso" && !line.negative) this.encircle(session, points);
    else {
      const label = line.negative ? 0 : 1;
      const said =
        line.tool === "lasso"
          ? lassoPoints(points, label, session.photo, 3)
          : scribblePoints(points, label, session.photo, spacing / scale);
      this.host.ask((doc) => correctAlong(doc, said, session.chosenMask()));
    }
  }

  /** Nothing can be erased where there is nothing. */
  private paint(session: Session, stroke: Stroke): void {
    if (stroke.erase && isEmpty(session.document.peek())) return;
    this.host.edit((doc) => addStroke(doc, stroke));
  }

  /**
   * Measured on the sample photos: a point and the lasso's own inside make its box a better prompt, more points a worse
   * one.
   */
  private encircle(session: Session, points: readonly ImagePoint[]): void {
    const { photo } = session;
    const box = lassoBox(points, photo);
    if (!box) return;
    const { inputSize } = session;
    this.host.ask((doc) =>
      encircle(doc, box, lassoPoints(points, 1, photo, 1), inputSize ? lassoMask(points, photo, inputSize) : null),
    );
  }
}
