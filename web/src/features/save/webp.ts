/** Not every browser can write WebP: one that cannot answers with PNG. */
import { signal } from "@preact/signals";

/** Null: not known yet. */
export const canWriteWebp = signal<boolean | null>(null);

const canvas = new OffscreenCanvas(1, 1);
canvas.getContext("2d");
canvas.convertToBlob({ type: "image/webp" }).then(
  ({ type }) => (canWriteWebp.value = type === "image/webp"),
  () => (canWriteWebp.value = false),
);
