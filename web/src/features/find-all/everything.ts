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
  /** `part`: 0 to 1. `things`: what was found so far, to be seen; better ones may take their place. */
  | { readonly state: "searching"; readonly part: number; readonly things: readonly Thing[] }
  | { readonly state: "found"; readonly things: readonly Thing[] };

type Traced = Map<Unasked, Pick<Thing, "outline" | "share"> | null>;

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
    if (search.state === "closed") return [];
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
      this.search.value = { state: "searching", part: 0, things: [] };
      this.said.value = t("Finding all objects.");
      this.prompting.selected.value = null;
      this.prompting.drawing.choose("tap");
      void session.point(null);
    });
    this.prompting.instead = this;
    try {
      const known: Traced = new Map();
      const advance = (change: { part?: number; things?: readonly Thing[] }) => {
        const search = this.search.peek();
        if (!abort.signal.aborted && search.state === "searching") this.search.value = { ...search, ...change };
      };
      const onFound = async (unasked: Unasked[]) => {
        const things = await trace(unasked, known, abort.signal);
        advance({ things });
      };
      const onProgress = ({ done, total }: { done: number; total: number }) => advance({ part: done / total });
      const unasked = await session.findAll(onFound, { onProgress, signal: abort.signal });
      const things = await trace(unasked, known, abort.signal);
      if (!abort.signal.aborted) this.offer(things);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.close();
      if (!isAborted(error)) this.tell(engineMessage(error));
    }
  }

  private offer(things: readonly Thing[]): void {
    this.search.value = { state: "found", things };
    this.said.value = announce(things.length);
  }

  /** Ends the search; what it has found so far stays on offer. */
  stop(): void {
    const search = this.search.peek();
    if (search.state !== "searching" || !search.things.length) return this.close();
    this.abort?.abort();
    this.offer(search.things);
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
    if (wasOpen) this.stop();
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
    const thing = this.search.peek().state === "found" && this.at(at);
    if (thing) this.keep(thing);
  }

  hover(at: PixelIndex | null): void {
    this.pointed.value = at && this.search.peek().state === "found" ? this.at(at) : null;
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

/**
 * Computes outlines, a few in a row, so that the page stays quick.
 *
 * @param known Those that were computed before; null: nothing is left of the mask.
 */
async function trace(unasked: readonly Unasked[], known: Traced, signal: AbortSignal): Promise<Thing[]> {
  const things: Thing[] = [];
  // As they will look when they are kept, but for the edges: following the photo's takes too long for so many.
  const finish = { ...firstPostprocessing.peek(), edges: false };
  let last = performance.now();
  for (const one of unasked) {
    if (!known.has(one)) {
      const outline = one.answer.outline(one.candidate, { finish, strokes: noStrokes, points: one.question.points });
      known.set(one, outline.bounds && { outline, share: one.answer.share(one.candidate) });
    }
    const seen = known.get(one);
    if (seen) things.push({ ...one, ...seen, number: things.length + 1 });
    if (performance.now() - last < 12) continue;
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
