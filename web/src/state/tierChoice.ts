/** One model or two: what the person chose, and what is done where nothing was chosen. */
import { computed } from "@preact/signals";
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

/** Little memory, a connection that is paid for by what it carries, or a slow one: the fast model will do. */
export function suggested({ connection, deviceMemory }: Means): TierChoice {
  const dear =
    connection?.saveData === true ||
    connection?.type === "cellular" ||
    /^(slow-)?2g$/.test(connection?.effectiveType ?? "");
  return dear || (deviceMemory ?? Infinity) <= 2 ? "fast" : "both";
}

/** What goes without a choice, for this visit. */
const usual = suggested((globalThis.navigator ?? {}) as Means);

export const tiers = computed<TierChoice>(() => store.signal.value ?? usual);

export const chooseTiers = (choice: TierChoice): void => store.set(choice);

/** For this visit only: the address asks for it. */
export const overrideTiers = (choice: TierChoice): void => void (store.signal.value = choice);
