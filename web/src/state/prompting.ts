/** Turns gestures and keys into edits of the open photo's document. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import {
  canRedo,
  canUndo,
  chooseCandidate,
  clear,
  current,
  isEmpty,
  redo,
  removeBox,
  undo,
  type Document,
} from "../document/document";
import { selectObject } from "../document/objects";
import {
  boxFrom,
  centreOf,
  imagePoint,
  imageToView,
  isInside,
  toPixel,
  viewToImage,
  type ImagePoint,
  type PixelIndex,
  type ViewPoint,
} from "../engine/core/geometry";
import { viewOf } from "../engine/core/lookAgain";
import type { PromptBox } from "../engine/core/prompt";
import { Drawing } from "./drawing";
import { askFrom, correct, drawBox, dropPoint, flipPoint, replacePoint } from "../document/edits";
import { Refining } from "./refining";
import type { Session } from "./session";
import type { Gesture } from "./gestures";
import type { Viewport } from "./viewport";

export type Mode = "foreground" | "background";

/** How near a point a finger or a mouse must be to mean it, in CSS pixels. */
const reach = { touch: 24, mouse: 14 };

/** Takes taps and hovers in the place of prompting, in pixels of the photo. */
export interface Instead {
  tap(at: PixelIndex): void;
  hover(at: PixelIndex | null): void;
}

export class Prompting {
  instead: Instead | null = null;
  readonly mode = signal<Mode>("foreground");
  /** Index of the selected point. */
  readonly selected = signal<number | null>(null);
  /** The box while it is drawn. */
  readonly rubberBand = signal<PromptBox | null>(null);
  /** The keyboard's cursor on the photo. */
  readonly cursor = signal<ImagePoint | null>(null);
  /** Hints have done their work once somebody has asked anything. */
  readonly hasAsked = signal(false);
  private dragged: Document | null = null;
  readonly drawing: Drawing;
  readonly refining: Refining;

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly viewport: Viewport,
    private readonly onEdit: () => void,
  ) {
    const { mode } = this;
    const edit = (change: (doc: Document) => Document): void => this.edit(change);
    this.drawing = new Drawing(session, viewport, {
      edit,
      ask: (change) => this.ask(change),
      tap: (at, other) => this.tap(at, other),
      get leavesOut() {
        return mode.peek() === "background";
      },
    });
    this.refining = new Refining(session, edit);
  }

  readonly step = computed(() => (this.session.value ? current(this.session.value.document.value) : null));
  readonly canUndo = computed(() => this.session.value !== null && canUndo(this.session.value.document.value));
  readonly canRedo = computed(() => this.session.value !== null && canRedo(this.session.value.document.value));
  readonly isEmpty = computed(() => this.session.value === null || isEmpty(this.session.value.document.value));

  /** The point under a place on the stage; the selected one first, then the latest. */
  hit(at: ViewPoint, touch: boolean): number | null {
    const near = (this.step.peek()?.points ?? []).map((point, index) => {
      const place = imageToView(centreOf(point), this.viewport.view.peek());
      return { index, distance: Math.hypot(place.x - at.x, place.y - at.y) };
    });
    const within = near.filter(({ distance }) => distance <= (touch ? reach.touch : reach.mouse));
    return within.sort((a, b) => a.distance - b.distance || b.index - a.index)[0]?.index ?? null;
  }

  handle(gesture: Exclude<Gesture, { type: "timer" }>): void {
    switch (gesture.type) {
      case "tap":
        return this.tap(this.toImage(gesture.at), gesture.secondary);
      case "pick":
        return this.pick(this.toImage(gesture.at));
      case "select":
        this.selected.value = this.selected.peek() === gesture.point ? null : gesture.point;
        return;
      case "drag":
        return this.drag(gesture.point, gesture.by);
      case "drop":
        this.dragged = null;
        return;
      case "box":
        return this.box(gesture.from, gesture.to, gesture.done);
      case "stroke":
        return this.drawing.draw(gesture);
      case "pinch":
        this.viewport.pan(gesture.dx, gesture.dy);
        if (gesture.factor !== 1) this.viewport.zoom(gesture.factor, gesture.anchor);
        return;
      case "revoke":
        this.rubberBand.value = null;
        this.drawing.revoke();
        if (this.dragged) this.edit(() => this.dragged!);
        this.dragged = null;
    }
  }

  /**
   * A point where the image was tapped; `other` means the label that the mode does not. While nothing was said about
   * the active object, a tap on the mask of another one selects that instead.
   */
  tap(at: ImagePoint, other = false): void {
    const session = this.session.peek();
    if (!session || !isInside(at, session.photo)) {
      this.selected.value = null;
      return;
    }
    const pixel = toPixel(at, session.photo);
    if (this.instead) return this.instead.tap(pixel);
    const label = (this.mode.peek() === "foreground") !== other ? 1 : 0;
    if (label === 1 && this.isEmpty.peek() && this.select(pixel)) return;
    this.ask((doc) => correct(doc, { ...pixel, label }, session.chosenMask()));
  }

  /** Selects the object whose mask is there, whatever was said about the active one. */
  pick(at: ImagePoint): void {
    const session = this.session.peek();
    if (session && isInside(at, session.photo)) this.select(toPixel(at, session.photo));
  }

  /** Makes the front object at a place the active one. @returns Whether there is one. */
  private select(pixel: PixelIndex): boolean {
    const object = this.session.peek()!.objectAt(pixel);
    if (object) this.edit((doc) => selectObject(doc, object.id));
    return object !== null;
  }

  remove(index = this.selected.peek()): void {
    if (index !== null) this.ask((doc) => dropPoint(doc, index));
  }

  /** Removes the selected point, or else the latest one. */
  removeLatest(): void {
    const count = this.step.peek()?.points.length ?? 0;
    this.remove(this.selected.peek() ?? (count ? count - 1 : null));
  }

  flip(index: number): void {
    const keep = this.selected.peek();
    this.ask((doc) => flipPoint(doc, index));
    this.selected.value = keep;
  }

  removeBox(): void {
    this.ask(removeBox);
  }

  /** Sets the box to the bounds of the mask that is shown, and asks again. */
  tighten(): void {
    const session = this.session.peek();
    const bounds = session?.edited.peek()?.outline.bounds;
    if (!session || !bounds || !this.step.peek()?.box) return;
    const corner = toPixel(imagePoint(bounds.x, bounds.y), session.photo);
    const opposite = toPixel(
      imagePoint(Math.ceil(bounds.x + bounds.width) - 1, Math.ceil(bounds.y + bounds.height) - 1),
      session.photo,
    );
    this.ask((doc) => drawBox(doc, boxFrom(corner, opposite)));
  }

  undo(): void {
    this.edit(undo);
  }

  redo(): void {
    this.edit(redo);
  }

  clear(): void {
    this.edit(clear);
  }

  choose(candidate: number): void {
    const session = this.session.peek();
    if (candidate < (session?.answer.peek()?.scores.length ?? 0))
      session!.edit((doc) => chooseCandidate(doc, candidate));
  }

  hover(at: ViewPoint | null): void {
    const session = this.session.peek();
    if (!session) return;
    this.drawing.pointer.value = at;
    const place = at && !this.drawing.draws.peek() ? this.toImage(at) : null;
    if (this.instead)
      return this.instead.hover(place && isInside(place, session.photo) ? toPixel(place, session.photo) : null);
    void session.point(place && isInside(place, session.photo) ? toPixel(place, session.photo) : null);
  }

  /** Moves the keyboard's cursor by CSS pixels, and the photo along where it would leave the stage. */
  moveCursor(dx: number, dy: number): void {
    const session = this.session.peek();
    if (!session) return;
    const { scale } = this.viewport.view.peek();
    const from = this.cursor.peek() ?? imagePoint(session.photo.width / 2, session.photo.height / 2);
    const to = imagePoint(from.x + dx / scale, from.y + dy / scale);
    this.cursor.value = imagePoint(
      Math.min(Math.max(to.x, 0), session.photo.width - 0.5),
      Math.min(Math.max(to.y, 0), session.photo.height - 0.5),
    );
    const { x, y } = imageToView(this.cursor.peek()!, this.viewport.view.peek());
    const { width, height } = this.viewport.size.peek();
    const edge = 40;
    const overX = Math.min(x - edge, 0) + Math.max(x - (width - edge), 0);
    const overY = Math.min(y - edge, 0) + Math.max(y - (height - edge), 0);
    if (overX || overY) this.viewport.pan(-overX, -overY);
    this.instead?.hover(toPixel(this.cursor.peek()!, session.photo));
  }

  /** Moves a point by CSS pixels, or by one pixel of the photo where that is more. */
  nudge(index: number, dx: number, dy: number): void {
    const session = this.session.peek();
    const from = this.step.peek()?.points[index];
    if (!session || !from) return;
    const { scale } = this.viewport.view.peek();
    const far = (by: number) => Math.sign(by) * Math.max(Math.abs(by) / scale, 1);
    const { x, y } = centreOf(from);
    this.ask((doc) => replacePoint(doc, index, toPixel(imagePoint(x + far(dx), y + far(dy)), session.photo)));
  }

  /** A point at the keyboard's cursor. */
  tapCursor(other: boolean): void {
    if (!this.cursor.peek()) this.moveCursor(0, 0);
    const cursor = this.cursor.peek();
    if (!cursor) return;
    if (this.drawing.paints.peek()) this.drawing.stamp(cursor, other);
    else this.tap(cursor, other);
  }

  /** Gives up what is nearest: the selected point, the line that is being drawn, the tool, the panel. */
  leave(): void {
    const { drawing, refining } = this;
    if (this.selected.peek() !== null) this.selected.value = null;
    else if (drawing.line.peek()) drawing.revoke();
    else if (drawing.draws.peek()) drawing.choose("tap");
    else refining.open.value = false;
  }

  /** For another photo. */
  reset(): void {
    this.mode.value = "foreground";
    this.selected.value = null;
    this.rubberBand.value = null;
    this.cursor.value = null;
    this.dragged = null;
    this.drawing.reset();
    this.refining.reset();
  }

  private drag(index: number, { dx, dy }: { dx: number; dy: number }): void {
    const session = this.session.peek();
    if (!session) return;
    this.dragged ??= session.document.peek();
    const base = this.dragged;
    const from = current(base).points[index];
    if (!from) return;
    const { scale } = this.viewport.view.peek();
    const { x, y } = centreOf(from);
    const to = toPixel(imagePoint(x + dx / scale, y + dy / scale), session.photo);
    this.ask((doc) => replacePoint(doc, index, to), base);
    this.selected.value = index;
  }

  private box(from: ViewPoint, to: ViewPoint, done: boolean): void {
    const session = this.session.peek();
    if (!session || this.instead) return;
    const box = boxFrom(toPixel(this.toImage(from), session.photo), toPixel(this.toImage(to), session.photo));
    this.rubberBand.value = done ? null : box;
    if (done && box.x2 > box.x1 && box.y2 > box.y1) this.ask((doc) => drawBox(doc, box));
  }

  /**
   * An edit that asks about what is in sight.
   *
   * @param base Where it begins; by default with the document as it is.
   */
  ask(change: (doc: Document) => Document, base?: Document): void {
    const session = this.session.peek();
    if (!session) return;
    const view = viewOf(this.viewport.seen(), session.photo);
    this.edit((doc) => askFrom(base ?? doc, view, change));
  }

  edit(change: (doc: Document) => Document): void {
    const session = this.session.peek();
    if (!session) return;
    this.selected.value = null;
    this.hasAsked.value = true;
    this.onEdit();
    session.edit(change);
  }

  private toImage = (at: ViewPoint): ImagePoint => viewToImage(at, this.viewport.view.peek());
}
