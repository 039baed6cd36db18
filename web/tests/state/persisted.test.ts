import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parsed, Persisted, readStored, writeStored } from "../../src/state/persisted";

const stored = new Map<string, string>();
const storage = {
  getItem: (key: string) => stored.get(key) ?? null,
  setItem: (key: string, text: string) => void stored.set(key, text),
  removeItem: (key: string) => void stored.delete(key),
};
const yes = { read: (text: string | null) => text === "yes", write: (on: boolean) => (on ? "yes" : null) };

beforeEach(() => vi.stubGlobal("localStorage", storage));
afterEach(() => {
  stored.clear();
  vi.unstubAllGlobals();
});

describe("Persisted", () => {
  it("starts with what is stored, and stores what is set", () => {
    stored.set("key", "yes");
    const setting = new Persisted("key", yes);
    expect(setting.signal.value).toBe(true);
    setting.set(false);
    expect([setting.signal.value, stored.has("key")]).toEqual([false, false]);
    setting.set(true);
    expect(stored.get("key")).toBe("yes");
  });

  it("stores nothing by itself, nor when the signal is changed directly", () => {
    new Persisted("key", yes).signal.value = true;
    expect(stored.size).toBe(0);
  });

  it("follows other tabs, and a storage that was cleared", () => {
    const setting = new Persisted("key", yes);
    stored.set("key", "yes");
    setting.follow({ key: "another" } as StorageEvent);
    expect(setting.signal.value).toBe(false);
    setting.follow({ key: "key" } as StorageEvent);
    expect(setting.signal.value).toBe(true);
    stored.clear();
    setting.follow({ key: null } as StorageEvent);
    expect(setting.signal.value).toBe(false);
  });

  it("lasts as long as the page where storage is denied", () => {
    vi.stubGlobal("localStorage", undefined);
    const setting = new Persisted("key", yes);
    setting.set(true);
    expect(setting.signal.value).toBe(true);
    expect(readStored("key")).toBeNull();
    expect(() => writeStored("key", "text")).not.toThrow();
  });
});

describe("parsed", () => {
  it("takes damaged text for nothing", () => {
    expect(parsed('{"a":1}')).toEqual({ a: 1 });
    for (const text of [null, "", "{"]) expect(parsed(text)).toBeNull();
  });
});
