/** Photos that are dropped anywhere on the page, or pasted. The file dialog is the input in `App`. */
import { signal } from "@preact/signals";

/** A file is held over the page. */
export const dragging = signal(false);

/** @returns A function that stops listening. */
export function listenForFiles(open: (file: File) => void): () => void {
  const abort = new AbortController();
  const on = <K extends keyof WindowEventMap>(type: K, listener: (event: WindowEventMap[K]) => void) => globalThis.addEventListener(type, listener, { signal: abort.signal });

  on("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    dragging.value = true;
  });
  // The event also fires between elements of the page; only then it names the one that is entered.
  on("dragleave", (event) => {
    if (!event.relatedTarget) dragging.value = false;
  });
  on("drop", (event) => {
    dragging.value = false;
    const file = pick(event.dataTransfer?.files);
    if (!file) return;
    event.preventDefault();
    open(file);
  });
  on("paste", (event) => {
    const file = pick(event.clipboardData?.files);
    if (!file) return;
    event.preventDefault();
    open(file);
  });
  return () => abort.abort();
}

/** The first picture; else the first file, whose message then says what is wrong with it. */
export const pick = (files: FileList | null | undefined): File | undefined => {
  const list = [...(files ?? [])];
  return list.find((file) => file.type.startsWith("image/")) ?? list[0];
};
