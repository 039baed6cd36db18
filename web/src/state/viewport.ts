/** What part of the photo the stage shows. */
import { signal } from "@preact/signals";
import {
  fitView,
  panBy,
  viewPoint,
  zoomTo,
  type Rect,
  type Size,
  type View,
  type ViewPoint,
} from "../engine/core/geometry";

export interface Insets {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** CSS pixels per photo pixel, at most: single pixels can be told apart. */
const closest = 32;
/** How small the photo may get, compared with its fitted size. */
const farthest = 0.5;
/** CSS pixels of the photo that always stay in sight. */
const keep = 48;

export class Viewport {
  readonly size = signal<Size>({ width: 1, height: 1 });
  readonly view = signal<View>({ scale: 1, x: 0, y: 0 });
  private insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  private photo: Size = { width: 1, height: 1 };
  /** Until the user moves the photo, it stays fitted when the window changes. */
  private fitted = true;

  show(photo: Size): void {
    this.photo = photo;
    this.fit();
  }

  resize(size: Size, insets: Insets): void {
    const before = this.size.peek();
    this.size.value = size;
    this.insets = insets;
    if (this.fitted) this.fit();
    else this.move(panBy(this.view.peek(), (size.width - before.width) / 2, (size.height - before.height) / 2));
  }

  /** The whole photo, clear of the controls. */
  fit(): void {
    this.fitted = true;
    this.view.value = this.fittedView();
  }

  /** What the stage shows, in pixels of the photo; it may go beyond the photo. */
  seen(): Rect {
    const { scale, x, y } = this.view.peek();
    const { width, height } = this.size.peek();
    return { x: -x / scale, y: -y / scale, width: width / scale, height: height / scale };
  }

  zoom(factor: number, anchor: ViewPoint = this.middle()): void {
    const { scale } = this.view.peek();
    const fitted = this.fittedView().scale;
    const [low, high] = [Math.min(fitted, 1) * farthest, Math.max(fitted, closest)];
    this.move(zoomTo(this.view.peek(), anchor, Math.min(Math.max(scale * factor, low), high)));
  }

  pan(dx: number, dy: number): void {
    this.move(panBy(this.view.peek(), dx, dy));
  }

  private move(view: View): void {
    this.fitted = false;
    const { width, height } = this.size.peek();
    const x = Math.min(Math.max(view.x, keep - this.photo.width * view.scale), width - keep);
    const y = Math.min(Math.max(view.y, keep - this.photo.height * view.scale), height - keep);
    this.view.value = { scale: view.scale, x, y };
  }

  private fittedView(): View {
    const { top, right, bottom, left } = this.insets;
    const { width, height } = this.size.peek();
    const room = { width: Math.max(64, width - left - right), height: Math.max(64, height - top - bottom) };
    return panBy(fitView(this.photo, room), left, top);
  }

  private middle(): ViewPoint {
    const { top, right, bottom, left } = this.insets;
    const { width, height } = this.size.peek();
    return viewPoint((left + width - right) / 2, (top + height - bottom) / 2);
  }
}
