/** Is a photo looked at again, around small things and where the person has zoomed in? It takes as long as reading the photo: not where the person, or the device, wants it fast. */
import { computed, signal } from "@preact/signals";
import { tiers } from "./tierChoice";

const once = signal(false);

export const looksAgain = computed(() => !once.value && tiers.value !== "fast");

/** For this visit only: the address asks for it. */
export const lookOnce = (): void => void (once.value = true);
