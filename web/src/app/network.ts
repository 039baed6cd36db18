/** Is the network off? */
import { signal } from "@preact/signals";

export const offline = signal(!navigator.onLine);

for (const type of ["online", "offline"]) addEventListener(type, () => (offline.value = !navigator.onLine));
