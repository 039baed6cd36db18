/** How much room there is: the styles' own boundary between a phone and a desktop. */
import { signal } from "@preact/signals";

const query = matchMedia("(min-width: 760px)");

/** Room for panels beside the photo. */
export const isWide = signal(query.matches);

query.addEventListener("change", () => (isWide.value = query.matches));
