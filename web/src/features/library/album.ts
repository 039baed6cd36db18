/**
 * The photos that are kept open: which there are, in the order they came, and what was said about each.
 *
 * One of them is shown, or none. The others are not in memory as pictures, only as files with their documents.
 * Everything is written to this device behind the edits; where that fails, or is not wanted, it lives as long as the
 * page.
 */
import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { createDocument, type Document } from "../../document/document";
import { revive } from "../../document/objects";
import {
  damagedMessage,
  editedElsewhereMessage,
  keptNotMessage,
  unreadableMessage,
  type Message,
} from "../../state/messages";
import { Photo } from "../../state/photo";
import { isProject, readProject } from "../../state/projects";
import { takeBytes } from "../../state/takeBytes";
import type { Past, Session } from "../../state/session";
import { PhotoEmbeddings } from "./embeddings";
import { keepsNothing, rememberedPhoto, rememberPhoto } from "./remembered";
import { isDocument } from "../../document/validation";
import { Store } from "./store";
import { photoThumbnail } from "./thumbnails";

export interface KeptPhoto {
  readonly id: string;
  /** The file's name. */
  readonly name: string;
  readonly blob: Blob;
  readonly added: number;
  /** Null until it is made, and where it cannot be made. */
  readonly thumbnail: { readonly blob: Blob; readonly url: string } | null;
}

/** A photo on its way to the stage. */
export interface Sheet {
  readonly id: string;
  readonly name: string;
  readonly blob: Blob;
  /** Null: nothing was said about it yet. */
  readonly document: Document | null;
  /** The model that answered what was said about it. Null: not told. */
  readonly model: string | null;
}

/** A photo that was just taken out, and can be put back. */
export interface Removal {
  readonly photo: KeptPhoto;
  readonly index: number;
  readonly wasShown: boolean;
}

/** What the album asks of the page. */
export interface AlbumHost {
  readonly session: ReadonlySignal<Session | null>;
  readonly opening: ReadonlySignal<boolean>;
  show(id: string): Promise<void>;
  home(): void;
  tell(message: Message): void;
}

/** Milliseconds that edits are collected. */
const delay = 300;

export class Album {
  readonly photos = signal<readonly KeptPhoto[]>([]);
  /** The id of the photo that is shown. */
  readonly shown = signal<string | null>(null);
  /** A photo of the last visit is on its way back: not yet the time to offer the start. */
  readonly returning = signal(rememberedPhoto() !== null);
  readonly removed = signal<Removal | null>(null);
  readonly store = new Store(
    () => this.host.tell(keptNotMessage()),
    () => this.keepAgain(),
  );

  private readonly ids = new WeakMap<Session, string>();
  /** Photos that came with their session, and go with it when the model cannot read them. */
  private readonly fresh = new WeakSet<Session>();
  private readonly documents = new Map<string, Document>();
  /** When the document that this page has was written: by itself, or by the tab that it was taken over from. */
  private readonly written = new Map<string, number>();
  private readonly unwritten = new Set<string>();
  /** Where steps go that come faster than photos open. */
  private aim: string | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** Tells other tabs what is no more. */
  private readonly channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("tapmask-album") : null;
  /** Tells other tabs of which photos the documents were written. */
  private readonly edits = "BroadcastChannel" in globalThis ? new BroadcastChannel("tapmask-edits") : null;
  /** Photos of which it was said that another tab edits them, too. */
  private readonly shared = new Set<string>();

  constructor(private readonly host: AlbumHost) {
    effect(() => this.follow(host.session.value));
    let before = keepsNothing.peek();
    effect(() => {
      if (keepsNothing.value !== before) this.obey((before = keepsNothing.value));
    });
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    addEventListener("pagehide", () => {
      this.flush();
      this.finishRemoval();
    });
    this.channel?.addEventListener("message", ({ data }: MessageEvent<readonly string[]>) => this.forget(data));
    this.edits?.addEventListener("message", ({ data }: MessageEvent<readonly string[]>) => this.warn(data));
  }

  /**
   * Brings back what was kept, and the photo that was open last – unless another one was opened in the meantime. The
   * memory of which it was is set aside while it is read, so that a photo that ends the page does not do so for ever.
   */
  async restore(): Promise<void> {
    const last = rememberedPhoto();
    const hold = () => rememberPhoto(last);
    addEventListener("pagehide", hold);
    rememberPhoto(null);
    const records = await this.store.photos();
    const here = new Set(this.photos.peek().map(({ id }) => id));
    const kept = records
      .filter(({ id }) => !here.has(id))
      .map((record): KeptPhoto => ({
        ...record,
        thumbnail: record.thumbnail instanceof Blob ? pictured(record.thumbnail) : null,
      }));
    this.photos.value = [...kept, ...this.photos.peek()];
    const idle = this.host.session.peek() === null && !this.host.opening.peek();
    if (last && idle && kept.some(({ id }) => id === last)) await this.host.show(last);
    removeEventListener("pagehide", hold);
    this.returning.value = false;
  }

  /**
   * A place for a picture: the one it has already, when the very same file was opened before. A project gets a place of
   * its own for its photo, beside the one that the same photo may have.
   */
  async place(file: Blob, name: string): Promise<Sheet> {
    const blob = await takeBytes(file);
    if (await isProject(blob, name)) {
      const { photo, document, model } = await readProject(blob);
      return { id: newId(), name: photo.name, blob: photo, document, model };
    }
    const known = await this.find(blob);
    return known ? this.take(known.id) : { id: newId(), name, blob, document: null, model: null };
  }

  /** A kept photo with what was said about it: here, or in another tab since. */
  async take(id: string): Promise<Sheet> {
    const kept = this.photos.peek().find((photo) => photo.id === id);
    if (!kept) throw new Error("This photo is not kept any more.");
    this.flush();
    const [photo, stored] = await Promise.all([this.store.photo(id), this.store.document(id)]);
    const mine = this.documents.get(id) ?? null;
    // The file that was chosen may be gone from its folder; the database has a copy, until somebody clears it.
    const blob = await takeBytes(photo?.blob instanceof Blob ? photo.blob : kept.blob);
    if (!stored || (mine && !(stored.saved > (this.written.get(id) ?? 0))))
      return { ...kept, blob, document: mine, model: null };
    if (isDocument(stored.document)) {
      this.written.set(id, stored.saved);
      return { ...kept, blob, document: revive(stored.document), model: null };
    }
    if (!mine) this.host.tell(damagedMessage());
    return { ...kept, blob, document: mine, model: null };
  }

  /** What a session begins with. */
  past({ id, document }: Sheet, size: Photo): Past {
    return { document, embeddings: new PhotoEmbeddings(this.store, id, size, () => this.has(id)) };
  }

  /** Takes note of a session that is about to be shown, and keeps its photo. */
  admit(sheet: Sheet, session: Session): void {
    const { id } = sheet;
    this.ids.set(session, id);
    this.documents.set(id, session.document.peek());
    // It was on its way when it was taken out: who sees it has it.
    if (this.removed.peek()?.photo.id === id) this.removed.value = null;
    if (this.has(id)) return;
    this.fresh.add(session);
    void this.keep(sheet, session.photo);
  }

  /** Forgets the photo of a session that never got as far as being read. */
  dismiss(session: Session): void {
    const id = this.ids.get(session);
    if (id && this.fresh.has(session)) this.drop([id]);
  }

  /** Keeps further files without showing them. @returns Those that are kept now. */
  async add(files: readonly File[]): Promise<readonly KeptPhoto[]> {
    const added: KeptPhoto[] = [];
    const unreadable: File[] = [];
    for (const file of files) {
      try {
        const sheet = await this.place(file, file.name);
        if (this.has(sheet.id)) continue;
        const photo = await Photo.open(sheet.blob, sheet.name);
        added.push(await this.keep(sheet, photo).finally(() => photo.close()));
      } catch {
        unreadable.push(file);
      }
    }
    if (unreadable.length) this.host.tell(unreadableMessage(unreadable.map(({ name }) => name)));
    return added;
  }

  /** Takes a photo out. It can be put back until the next one goes, or the note of it. */
  remove(id: string): void {
    const index = this.photos.peek().findIndex((photo) => photo.id === id);
    const photo = this.photos.peek()[index];
    if (!photo) return;
    this.finishRemoval();
    const wasShown = this.shown.peek() === id;
    this.photos.value = this.photos.peek().toSpliced(index, 1);
    this.removed.value = { photo, index, wasShown };
    if (!wasShown) return;
    const neighbour = this.photos.peek()[Math.min(index, this.photos.peek().length - 1)];
    if (neighbour) void this.host.show(neighbour.id);
    else this.host.home();
  }

  putBack(): void {
    const removal = this.removed.peek();
    if (!removal) return;
    this.removed.value = null;
    this.photos.value = this.photos.peek().toSpliced(removal.index, 0, removal.photo);
    this.schedule(removal.photo.id);
    if (removal.wasShown) void this.host.show(removal.photo.id);
  }

  /** Now it is gone for good. */
  finishRemoval(): void {
    const removal = this.removed.peek();
    if (!removal) return;
    this.removed.value = null;
    this.erase([removal.photo]);
  }

  /** Deletes every photo with all that belongs to it, the open one too. */
  async clear(): Promise<void> {
    this.host.home();
    this.removed.value = null;
    this.erase(this.photos.peek());
    this.photos.value = [];
    await this.store.clear();
  }

  /** The next photo (1) or the one before (-1), round and round. */
  step(by: 1 | -1): void {
    const photos = this.photos.peek();
    if (!photos.length) return;
    const at = this.host.opening.peek() ? (this.aim ?? this.shown.peek()) : this.shown.peek();
    const from = photos.findIndex(({ id }) => id === at);
    const next = photos[from < 0 ? (by > 0 ? 0 : photos.length - 1) : (from + by + photos.length) % photos.length]!;
    if (next.id === at) return;
    this.aim = next.id;
    void this.host.show(next.id);
  }

  private has = (id: string): boolean => this.photos.peek().some((photo) => photo.id === id);

  private async find(blob: Blob): Promise<KeptPhoto | null> {
    for (const photo of this.photos.peek())
      if (photo.blob.size === blob.size && (await areSame(photo.blob, blob))) return photo;
    return null;
  }

  private async keep({ id, name, blob, document }: Sheet, photo: Photo): Promise<KeptPhoto> {
    const kept: KeptPhoto = { id, name, blob, added: this.now(), thumbnail: null };
    this.photos.value = [...this.photos.peek(), kept];
    if (!this.documents.has(id)) this.documents.set(id, document ?? createDocument());
    // A project comes with a document that no edit is going to write.
    if (document) this.schedule(id);
    const thumbnail = await photoThumbnail(photo);
    const complete = { ...kept, thumbnail: thumbnail && pictured(thumbnail) };
    // It may have been taken out already.
    if (!this.has(kept.id)) return complete;
    this.photos.value = this.photos.peek().map((other) => (other.id === kept.id ? complete : other));
    await this.write(complete);
    return complete;
  }

  private write({ id, name, blob, added, thumbnail }: KeptPhoto): Promise<void> {
    return this.store.putPhoto({ id, name, blob, added, thumbnail: thumbnail?.blob ?? null });
  }

  /** Notes each state of the document that is shown. */
  private follow(session: Session | null): void {
    const id = session ? (this.ids.get(session) ?? null) : null;
    const doc = session?.document.value;
    untracked(() => {
      if (this.shown.peek() !== id) rememberPhoto((this.shown.value = id));
      if (!id || !doc || this.documents.get(id) === doc) return;
      this.documents.set(id, doc);
      this.schedule(id);
    });
  }

  private schedule(id: string): void {
    this.unwritten.add(id);
    this.timer ??= setTimeout(() => this.flush(), delay);
  }

  /** Writes what is not written yet. The page may be gone when this returns. */
  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const records = [...this.unwritten].filter(this.has).flatMap((id) => {
      const document = this.documents.get(id);
      // Later than what it follows, even where the clock was set back.
      const saved = Math.max(Date.now(), (this.written.get(id) ?? 0) + 1);
      this.written.set(id, saved);
      return document ? { id, document, saved } : [];
    });
    this.unwritten.clear();
    if (!records.length) return;
    void this.store.putDocuments(records);
    if (!keepsNothing.peek()) this.edits?.postMessage(records.map(({ id }) => id));
  }

  /**
   * Nothing is to be kept: what was kept goes at once, and the photos of this visit stay until it ends. Or they are
   * kept after all.
   */
  private obey(nothing: boolean): void {
    untracked(() => {
      rememberPhoto(this.shown.peek());
      if (nothing) {
        this.photos.value = this.photos.peek().filter(({ id }) => this.documents.has(id));
        void this.store.clear();
        return;
      }
      this.keepAgain();
    });
  }

  /** Writes every photo that there is here, with what was said about it as far as this page knows. */
  private keepAgain(): void {
    const session = this.host.session.peek();
    for (const photo of this.photos.peek()) {
      // What came out of the database is gone with it, but for the photo that is shown.
      const blob = session && this.ids.get(session) === photo.id ? session.photo.blob : photo.blob;
      void this.write({ ...photo, blob });
      if (this.documents.has(photo.id)) this.schedule(photo.id);
    }
  }

  private drop(ids: readonly string[]): void {
    const gone = this.photos.peek().filter(({ id }) => ids.includes(id));
    this.photos.value = this.photos.peek().filter(({ id }) => !ids.includes(id));
    this.erase(gone);
  }

  private erase(photos: readonly KeptPhoto[]): void {
    const ids = photos.map(({ id }) => id);
    for (const { id, thumbnail } of photos) {
      if (thumbnail) URL.revokeObjectURL(thumbnail.url);
      this.documents.delete(id);
    }
    void this.store.removePhotos(ids);
    this.channel?.postMessage(ids);
  }

  /** Deleted in another tab. The photo that is shown here stays in sight, and is kept no more. */
  private forget(ids: readonly string[]): void {
    this.photos.value = this.photos.peek().filter(({ id }) => !ids.includes(id));
  }

  /** The last writer wins: who edits the same photo in two tabs should know. Once is enough. */
  private warn(ids: readonly string[]): void {
    const id = this.shown.peek();
    if (id === null || !ids.includes(id) || this.shared.has(id)) return;
    this.shared.add(id);
    this.host.tell(editedElsewhereMessage());
  }

  /** Later than every photo there is. */
  private now = (): number => Math.max(Date.now(), ...this.photos.peek().map(({ added }) => added + 1));
}

const pictured = (blob: Blob): KeptPhoto["thumbnail"] => ({ blob, url: URL.createObjectURL(blob) });

/** Works in an insecure context too, unlike randomUUID. */
const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** A file that cannot be read any more is like no other. */
async function areSame(a: Blob, b: Blob): Promise<boolean> {
  try {
    const [left, right] = await Promise.all([a, b].map(async (blob) => new Uint8Array(await blob.arrayBuffer())));
    return left!.every((byte, i) => byte === right![i]);
  } catch {
    return false;
  }
}
