/** The list of objects: what its buttons and keys do. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { isBlank, type PhotoObject } from "../../document/document";
import {
  addObject,
  duplicateObject,
  moveObject,
  removeObject,
  renameObject,
  selectObject,
  setHidden,
} from "../../document/objects";
import type { Prompting } from "../../state/prompting";
import type { Session } from "../../state/session";
import { t } from "../../i18n/translate";
import { shownName } from "../../i18n/names";

export class Objects {
  /** Somebody asked for the list; with several objects it is there anyway. */
  readonly wanted = signal(false);
  /** On a phone: the sheet with everything that can be done to objects. */
  readonly sheet = signal(false);
  /** The object whose name is being typed. */
  readonly renaming = signal<number | null>(null);
  /** What the last edit did, for screen readers. */
  readonly said = signal("");

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly prompting: Prompting,
  ) {}

  readonly list = computed(() => this.session.value?.objects.value ?? []);
  readonly listed = computed(() => this.wanted.value || this.list.value.length > 1);
  /** Is there something a new object would be new to? */
  readonly canAdd = computed(
    () => this.list.value.length > 0 && this.session.value !== null && !isBlank(this.session.value.active.value),
  );

  add(): void {
    if (!this.canAdd.peek()) return;
    this.prompting.edit(addObject);
    this.prompting.mode.value = "foreground";
    this.say(t("{name} is new: tap it on the photo.", { name: this.activeName() }));
  }

  select(id: number): void {
    this.prompting.edit((doc) => selectObject(doc, id));
    this.say(t("{name} selected.", { name: this.activeName() }));
  }

  duplicate(id: number): void {
    this.prompting.edit((doc) => duplicateObject(doc, id));
    this.say(t("{name} made.", { name: this.activeName() }));
  }

  remove(id: number): void {
    const name = this.nameOf(id);
    this.prompting.edit((doc) => removeObject(doc, id));
    this.say(t("{name} deleted. Undo brings it back.", { name }));
  }

  toggle(id: number): void {
    const object = this.list.peek().find((other) => other.id === id);
    if (object) this.prompting.edit((doc) => setHidden(doc, id, !object.hidden));
  }

  /** Moves an object by places of the list, whose top is the front. */
  move(id: number, down: number): void {
    const place = this.list.peek().findIndex((object) => object.id === id);
    if (place < 0) return;
    this.prompting.edit((doc) => moveObject(doc, id, place - down));
    const now = this.list.peek().length - this.list.peek().findIndex((object) => object.id === id);
    this.say(
      t("{name}: place {place} of {count}.", { name: this.nameOf(id), place: now, count: this.list.peek().length }),
    );
  }

  /** Takes the name that was typed; null keeps the old one. */
  rename(id: number, name: string | null): void {
    if (this.renaming.peek() !== id) return;
    this.renaming.value = null;
    if (name !== null) this.prompting.edit((doc) => renameObject(doc, id, name));
  }

  /** For another photo. */
  reset(): void {
    this.wanted.value = false;
    this.sheet.value = false;
    this.renaming.value = null;
    this.said.value = "";
  }

  private say(words: string): void {
    this.said.value = words;
  }

  private activeName = (): string => nameOrNothing(this.session.peek()?.active.peek());

  private nameOf = (id: number): string => nameOrNothing(this.list.peek().find((object) => object.id === id));
}

const nameOrNothing = (object: PhotoObject | undefined): string => (object ? shownName(object) : "");
