/** A box without a mouse: one key marks a corner at the cursor, and the opposite one. */
import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { boxFrom, toPixel, type ImagePoint, type PixelIndex } from "../../engine/core/geometry";
import { drawBox } from "../../document/edits";
import type { Prompting } from "../../state/prompting";
import type { Session } from "../../state/session";

export class KeyboardBox {
  /** The first corner, while there is no second. */
  readonly corner = signal<PixelIndex | null>(null);

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly prompting: Prompting,
  ) {
    effect(() => this.follow(this.corner.value, prompting.cursor.value));
  }

  /** Marks a corner; the second one draws the box. */
  mark(): void {
    const session = this.session.peek();
    if (!session) return;
    if (!this.prompting.cursor.peek()) this.prompting.moveCursor(0, 0);
    const at = this.pixel(this.prompting.cursor.peek());
    const from = this.corner.peek();
    this.corner.value = from ? null : at;
    if (!from || !at) return;
    this.prompting.rubberBand.value = null;
    const box = boxFrom(from, at);
    if (box.x2 > box.x1 && box.y2 > box.y1) this.prompting.ask((doc) => drawBox(doc, box));
  }

  /** @returns Whether there was a corner to forget. */
  giveUp(): boolean {
    const active = this.corner.peek() !== null;
    this.corner.value = null;
    if (active) this.prompting.rubberBand.value = null;
    return active;
  }

  /** The box grows with the cursor, and is forgotten when the photo loses the focus or a pointer takes over. */
  private follow(from: PixelIndex | null, cursor: ImagePoint | null): void {
    if (!from) return;
    const to = this.pixel(cursor);
    if (to) this.prompting.rubberBand.value = boxFrom(from, to);
    else this.giveUp();
  }

  private pixel(at: ImagePoint | null): PixelIndex | null {
    const session = this.session.peek();
    return session && at ? toPixel(at, session.photo) : null;
  }
}
