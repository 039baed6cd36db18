/** Finds all objects of the photo at once, and keeps those that are wanted. */
import { batch, computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import type { PixelIndex } from "../../engine/core/geometry";
import { addFound } from "../../document/objects";
import { noStrokes } from "../../postprocess/strokes";
import type { Outline } from "../../state/answer";
import { firstPostprocessing } from "../../state/firstPostprocess";
import { engineMessage, type Message } from "../../state/messages";
import type { Instead, Prompting } from "../../state/prompting";
import { isAborted, type Session, type Unasked } from "../../state/session";
import { counted, t } from "../../i18n/translate";
import { shownName } from "../../i18n/names";

/** A mask on offer. */
export interface Thing extends Unasked {
  /** Its place in the list, from 1; it stays when others are kept. */
  readonly number: number;
  readonly outline: Outline;
  /** Its share of the photo, 0 to 1. */
  readonly share: number;
}

export type Search =
  | { readonly state: "closed" }
  /** `part`: 0 to 1. */
  | { readonly state: "searching"; readonly part: number }
  | { readonly state: "found"; readonly things: readonly Thing[] };

/** Taps a side. A GPU answers segment-anything's number about as fast as a CPU a quarter of them. */
const pointsPerSide = { gpu: 32, cpu: 16 };

export class Everything implements Instead {
  readonly search = signal<Search>({ state: "closed" });
  /** Which thing is pointed at, by pointer or focus. */
  readonly pointed = signal<Thing | null>(null);
  /** What happened, for screen readers. */
  readonly said = signal("");
  /** Was the search asked for with a key? Then the focus goes to what it found. */
  byKeyboard = false;
  private abort: AbortController | null = null;

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly prompting: Prompting,
    private readonly tell: (message: Message) => void,
  ) {
    // Without its model a photo has no masks to offer: the next model finds others.
    effect(() => {
      if (!this.session.value?.encoded.value) untracked(() => this.close());
    });
    // A tool in hand is for one object.
    effect(() => {
      if (this.prompting.drawing.tool.value !== "tap") untracked(() => this.close());
    });
  }

  readonly isOpen = computed(() => this.search.value.state !== "closed");

  /** What has not been kept. Undo brings back what was. */
  readonly offered = computed<readonly Thing[]>(() => {
    const search = this.search.value;
    if (search.state !== "found") return [];
    const kept = new Set(this.session.value?.objects.value.map(({ revision }) => revision));
    return search.things.filter(({ question }) => !kept.has(question.revision));
  });
  readonly keptSome = computed(
    () => this.search.value.state === "found" && this.offered.value.length < this.search.value.things.length,
  );

  toggle(byKey = false): void {
    this.byKeyboard = byKey || document.querySelector("button:focus-visible") !== null;
    if (this.isOpen.peek()) this.close();
    else void this.start();
  }

  async start(): Promise<void> {
    const session = this.session.peek();
    if (!session?.encoded.peek() || this.isOpen.peek()) return;
    const abort = (this.abort = new AbortController());
    batch(() => {
      this.search.value = { state: "searching", part: 0 };
      this.said.value = t("Finding all objects.");
      this.prompting.selected.value = null;
      this.prompting.drawing.choose("tap");
      void session.point(null);
    });
    this.prompting.instead = this;
    try {
      const onProgress = ({ done, total }: { done: number; total: number }) => {
        if (!abort.signal.aborted) this.search.value = { state: "searching", part: (0.9 * done) / total };
      };
      const side = pointsPerSide[session.runsOn === "webgpu" ? "gpu" : "cpu"];
      const unasked = await session.findAll({ pointsPerSide: side, onProgress, signal: abort.signal });
      const things = await trace(
        unasked,
        (part) => (this.search.value = { state: "searching", part: 0.9 + 0.1 * part }),
        abort.signal,
      );
      if (abort.signal.aborted) return;
      this.search.value = { state: "found", things };
      this.said.value = announce(things.length);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.close();
      if (!isAborted(error)) this.tell(engineMessage(error));
    }
  }

  /** Ends the search, or puts away what was not kept. */
  close(): void {
    this.abort?.abort();
    this.abort = null;
    if (this.prompting.instead === this) this.prompting.instead = null;
    batch(() => {
      this.search.value = { state: "closed" };
      this.pointed.value = null;
    });
  }

  /** Is there something to leave? */
  leave(): boolean {
    const wasOpen = this.isOpen.peek();
    if (wasOpen) this.close();
    return wasOpen;
  }

  /** Makes it an object. */
  keep(thing: Thing): void {
    this.take([thing]);
    const name = shownName(this.session.peek()!.active.peek());
    this.said.value = `${t("Kept as {name}.", { name })} ${announce(this.offered.peek().length)}`;
    if (!this.offered.peek().length) this.close();
  }

  keepAll(): void {
    const things = this.offered.peek();
    if (!things.length) return;
    // The best one comes to the front.
    this.take(things.toReversed());
    this.close();
    this.said.value = counted(things.length, "1 object kept.", "{count} objects kept.");
  }

  tap(at: PixelIndex): void {
    const thing = this.at(at);
    if (thing) this.keep(thing);
  }

  hover(at: PixelIndex | null): void {
    this.pointed.value = at && this.at(at);
  }

  /** The smallest one there: what lies within another is reached too. */
  private at(place: PixelIndex): Thing | null {
    const there = this.offered.peek().filter(({ outline }) => outline.contains(place));
    return there.toSorted((a, b) => a.share - b.share)[0] ?? null;
  }

  private take(things: readonly Thing[]): void {
    batch(() => {
      this.pointed.value = null;
      this.session.peek()?.learn(things);
      this.prompting.edit((doc) =>
        addFound(
          doc,
          things.map(({ question }) => question),
        ),
      );
    });
  }
}

/** Computes outlines, a few in a row, so that the page stays quick. */
async function trace(
  unasked: readonly Unasked[],
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Thing[]> {
  const things: Thing[] = [];
  // As they will look when they are kept, but for the edges: following the photo's takes too long for so many.
  const finish = { ...firstPostprocessing.peek(), edges: false };
  let last = performance.now();
  for (const one of unasked) {
    const outline = one.answer.outline(one.candidate, { finish, strokes: noStrokes, points: one.question.points });
    if (outline.bounds)
      things.push({ ...one, number: things.length + 1, outline, share: one.answer.share(one.candidate) });
    if (performance.now() - last < 12) continue;
    onProgress(things.length / unasked.length);
    await new Promise((resolve) => setTimeout(resolve));
    if (signal.aborted) return [];
    last = performance.now();
  }
  return things;
}

function announce(count: number): string {
  if (!count) return t("Nothing was found.");
  return `${counted(count, "1 object found.", "{count} objects found.")} ${t("In the list, arrow keys go from one to the next, and Enter keeps one.")}`;
}
