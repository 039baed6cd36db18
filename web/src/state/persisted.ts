/** Settings that the browser remembers. Where it forbids that, or storage is full, they last as long as the page. */
import { signal, type Signal } from "@preact/signals";

type Storage = "localStorage" | "sessionStorage";

/** @returns Null: nothing is stored under the key, or storage is switched off. */
export function readStored(key: string, storage: Storage = "localStorage"): string | null {
  try {
    return globalThis[storage].getItem(key);
  } catch {
    return null;
  }
}

/** @param text Null removes what is stored. */
export function writeStored(key: string, text: string | null, storage: Storage = "localStorage"): void {
  try {
    if (text === null) globalThis[storage].removeItem(key);
    else globalThis[storage].setItem(key, text);
  } catch {
    // Full or switched off: the next visit starts without it.
  }
}

/** What a stored text says; null where it is damaged. */
export function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

export class Persisted<T> {
  /** Changing it directly counts until the page is closed. */
  readonly signal: Signal<T>;

  /**
   * @param form How a value is stored. `read` gets null at the first visit, and must bear any text; `write` returns
   * null to store nothing.
   */
  constructor(
    private readonly key: string,
    private readonly form: { read(text: string | null): T; write(value: T): string | null },
  ) {
    this.signal = signal(form.read(readStored(key)));
  }

  /** Changes the value, for later visits too. */
  set(value: T): void {
    this.signal.value = value;
    writeStored(this.key, this.form.write(value));
  }

  /** Takes over what another tab stored. */
  follow(event: StorageEvent): void {
    if (event.key === this.key || event.key === null) this.signal.value = this.form.read(readStored(this.key));
  }
}
