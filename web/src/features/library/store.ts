/**
 * The database of what is kept on this device: photos, what was said about them, and what the model computed for them.
 *
 * Nothing here throws. A database that cannot be opened, is full or was switched off is told once (`onFailure`), when a
 * photo or a document would have been written; the page then works from memory. Two pages may write at the same time:
 * every write is a transaction, and the last writer of a photo wins.
 */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Document } from "../../document/document";
import type { SavedEmbeddings } from "../../engine/segmenter";
import { inBlobs, inBytes, type RecordInBytes } from "./bytes";
import { keepsNothing } from "./remembered";

export interface PhotoRecord {
  readonly id: string;
  /** The file's name. */
  readonly name: string;
  readonly blob: Blob;
  /** When it came, in milliseconds since 1970; photos are shown in this order. */
  readonly added: number;
  readonly thumbnail: Blob | null;
}

export interface DocumentRecord {
  readonly id: string;
  readonly document: Document;
  /** When it was written, in milliseconds since 1970. */
  readonly saved: number;
}

export interface EmbeddingsRecord {
  /** Photo, encoder and input size. */
  readonly key: string;
  readonly photo: string;
  readonly made: number;
  readonly bytes: number;
  readonly saved: SavedEmbeddings;
}

/** What is known of embeddings without reading them. */
export interface EmbeddingsFacts {
  readonly key: string;
  readonly photo: string;
  readonly made: number;
  readonly bytes: number;
}

interface Schema extends DBSchema {
  photos: { key: string; value: PhotoRecord | RecordInBytes };
  // Apart from the photos: they are written after every edit, a photo once.
  documents: { key: string; value: DocumentRecord };
  embeddings: { key: string; value: EmbeddingsRecord; indexes: { facts: [number, string, number] } };
}

type Database = IDBPDatabase<Schema>;

const name = "tapmask";
const version = 1;
/** Browsers have been seen to leave the question unanswered. */
const patience = 10_000;
/** Milliseconds in which a browser that has closed the database has deleted it, too. Until then it opens none. */
const deletion = 1000;

export class Store {
  private db: Database | null = null;
  private opening: Promise<Database> | null = null;
  private told = false;

  /**
   * @param onFailure Called once, when something could not be written.
   * @param onCleared Called when the browser took the database away, as when its user deletes the data of sites.
   */
  constructor(
    private readonly onFailure: () => void,
    private readonly onCleared: () => void = () => undefined,
  ) {}

  /** Every photo, in the order they came. */
  async photos(): Promise<readonly PhotoRecord[]> {
    const records = (await this.read((db) => db.getAll("photos"))) ?? [];
    const sound = records
      .map(inBlobs)
      .filter(
        ({ id, name, blob, added }) =>
          typeof id === "string" && typeof name === "string" && blob instanceof Blob && Number.isFinite(added),
      );
    return sound.sort((a, b) => a.added - b.added);
  }

  async photo(id: string): Promise<PhotoRecord | null> {
    const record = await this.read((db) => db.get("photos", id));
    return record ? inBlobs(record) : null;
  }

  /** As it was stored: whoever reads it has to check it. */
  async document(id: string): Promise<{ readonly document: unknown; readonly saved: number } | null> {
    return (await this.read((db) => db.get("documents", id))) ?? null;
  }

  async embeddings(key: string): Promise<unknown> {
    return (await this.read((db) => db.get("embeddings", key)))?.saved ?? null;
  }

  /** All of them, the oldest first. */
  async embeddingsFacts(): Promise<readonly EmbeddingsFacts[]> {
    const facts = await this.read(async (db) => {
      const found: EmbeddingsFacts[] = [];
      const index = db.transaction("embeddings").store.index("facts");
      for (let cursor = await index.openKeyCursor(); cursor; cursor = await cursor.continue()) {
        const [made, photo, bytes] = cursor.key;
        found.push({ key: cursor.primaryKey, made, photo, bytes });
      }
      return found;
    });
    return facts ?? [];
  }

  putPhoto(record: PhotoRecord): Promise<void> {
    const put = (db: Database, value: PhotoRecord | RecordInBytes): Promise<void> =>
      commit(db.transaction("photos", "readwrite"), (tx) => [tx.store.put(value)]);
    return this.write((db) => put(db, record).catch(async () => put(db, await inBytes(record))));
  }

  putDocuments(records: readonly DocumentRecord[]): Promise<void> {
    return this.write((db) =>
      commit(db.transaction("documents", "readwrite"), (tx) => records.map((record) => tx.store.put(record))),
    );
  }

  /** Makes room for the newest; without any, they are computed again. @param max How many stay. */
  async putEmbeddings(record: EmbeddingsRecord, max: number): Promise<void> {
    if (keepsNothing.peek()) return;
    await this.change((db) => commit(db.transaction("embeddings", "readwrite"), (tx) => [tx.store.put(record)]));
    const facts = await this.embeddingsFacts();
    await this.removeEmbeddings(facts.slice(0, Math.max(0, facts.length - max)).map(({ key }) => key));
  }

  removeEmbeddings(keys: readonly string[]): Promise<void> {
    return this.change((db) =>
      commit(db.transaction("embeddings", "readwrite"), (tx) => keys.map((key) => tx.store.delete(key))),
    );
  }

  /** Removes photos with everything that belongs to them. */
  removePhotos(ids: readonly string[]): Promise<void> {
    return this.change((db) =>
      commit(db.transaction(["photos", "documents", "embeddings"], "readwrite"), (tx) =>
        ids.flatMap((id) => [
          tx.objectStore("photos").delete(id),
          tx.objectStore("documents").delete(id),
          tx.objectStore("embeddings").delete(IDBKeyRange.bound(`${id}:`, `${id};`)),
        ]),
      ),
    );
  }

  clearEmbeddings(): Promise<void> {
    return this.change((db) => commit(db.transaction("embeddings", "readwrite"), (tx) => [tx.store.clear()]));
  }

  /** Photos, documents, embeddings: damaged ones and those of other tabs too. */
  clear(): Promise<void> {
    const all = ["photos", "documents", "embeddings"] as const;
    return this.change((db) =>
      commit(db.transaction(all, "readwrite"), (tx) => all.map((store) => tx.objectStore(store).clear())),
    );
  }

  private async read<T>(work: (db: Database) => Promise<T>): Promise<T | null> {
    if (keepsNothing.peek()) return null;
    return this.run(work).catch(() => null);
  }

  private async write(work: (db: Database) => Promise<void>): Promise<void> {
    if (keepsNothing.peek()) return;
    await this.run(work).catch(() => {
      if (!this.told) this.onFailure();
      this.told = true;
    });
  }

  /** What cannot be deleted was not there, or will not be the next time. */
  private async change(work: (db: Database) => Promise<void>): Promise<void> {
    await this.run(work).catch(() => undefined);
  }

  /** At once when the database is open: a page that goes away waits for nothing. */
  private async run<T>(work: (db: Database) => Promise<T>): Promise<T> {
    if (!this.db) return work(await this.open());
    try {
      return await work(this.db);
    } catch (error) {
      // The connection was closed, because another version of the page or the browser wanted the database.
      if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
      this.forget();
      return work(await this.open());
    }
  }

  private open(): Promise<Database> {
    this.opening ??= Promise.race([
      openDB<Schema>(name, version, {
        upgrade(db) {
          db.createObjectStore("photos", { keyPath: "id" });
          db.createObjectStore("documents", { keyPath: "id" });
          db.createObjectStore("embeddings", { keyPath: "key" }).createIndex("facts", ["made", "photo", "bytes"]);
        },
        blocking: () => {
          this.db?.close();
          this.forget();
        },
        terminated: () => {
          this.forget();
          setTimeout(this.onCleared, deletion);
        },
      }),
      new Promise<never>((_, reject) => setTimeout(() => reject(new Error("The database does not answer.")), patience)),
    ]).then(
      (db) => (this.db = db),
      (error: unknown) => {
        // It may open the next time, unless it does not answer at all.
        if (error instanceof DOMException) this.forget();
        throw error;
      },
    );
    return this.opening;
  }

  private forget(): void {
    this.db = null;
    this.opening = null;
  }
}

/** Committed at once and not when the page is idle: it may be going away. */
async function commit<T extends { commit(): void; readonly done: Promise<void> }>(
  transaction: T,
  work: (transaction: T) => readonly Promise<unknown>[],
): Promise<void> {
  const requests = work(transaction);
  transaction.commit();
  await Promise.all([...requests, transaction.done]);
}
