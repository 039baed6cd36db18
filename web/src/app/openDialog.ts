/** The modal window that is open over the page. */
import { signal } from "@preact/signals";

export const openDialog = signal<"about" | "settings" | "camera" | "shortcuts" | null>(null);
