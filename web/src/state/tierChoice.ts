/** One model or two: what the person chose, and what is done where nothing was chosen. */
import { computed, signal } from "@preact/signals";
import { Persisted } from "./persisted";

/**
 * Where the manifest names an instant model: that one alone, that one and the default behind it, or the default alone.
 */
export const tierChoices = ["fast", "both", "precise"] as const;
export type TierChoice = (typeof tierChoices)[number];

export const isTierChoice = (value: unknown): value is TierChoice =>
  (tierChoices as readonly unknown[]).includes(value);

const store = new Persisted<TierChoice | null>("tapmask-tiers", {
  read: (text) => (isTierChoice(text) ? text : null),
  write: (chosen) => chosen,
});

/** What of a browser's `navigator` says that a second model would be too much. Not every browser has them. */
export interface Means {
  readonly connection?: { readonly saveData?: boolean; readonly type?: string; readonly effectiveType?: string };
  /** In GiB, rounded. */
  readonly deviceMemory?: number;
}

/**
 * Little memory: the fast model will do; and so it will on a connection that is paid for by what it carries, or a slow
 * one, unless the precise model is on this device already.
 */
export function suggested({ connection, deviceMemory }: Means, kept = false): TierChoice {
  const dear =
    connection?.saveData === true ||
    connection?.type === "cellular" ||
    /^(slow-)?2g$/.test(connection?.effectiveType ?? "");
  return (dear && !kept) || (deviceMemory ?? Infinity) <= 2 ? "fast" : "both";
}

/** The precise model's files are on this device: nothing would be fetched for it. */
export const preciseIsKept = signal(false);

/** What goes without a choice. */
const usual = computed(() => suggested((globalThis.navigator ?? {}) as Means, preciseIsKept.value));

export const tiers = computed<TierChoice>(() => store.signal.value ?? usual.value);

export const chooseTiers = (choice: TierChoice): void => store.set(choice);

/** For this visit only: the address asks for it. */
export const overrideTiers = (choice: TierChoice): void => void (store.signal.value = choice);
