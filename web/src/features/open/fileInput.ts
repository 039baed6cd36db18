/** Photos and projects that are dropped anywhere on the page, or pasted. The file dialog is the input in `App`. */
import { signal } from "@preact/signals";
import { takesText } from "../../state/field";
import { projectEnding } from "../../state/projects";

/** A file is held over the page. */
export const dragging = signal(false);

/**
 * @param onAddress A link was dropped, or a picture of another page of which the browser hands out the address only.
 * @returns A function that stops listening.
 */
export function listenForFiles(open: (files: readonly File[]) => void, onAddress: () => void): () => void {
  const abort = new AbortController();
  const on = <K extends keyof WindowEventMap>(type: K, listener: (event: WindowEventMap[K]) => void) =>
    globalThis.addEventListener(type, listener, { signal: abort.signal });

  on("dragover", (event) => {
    if (
      !event.dataTransfer ||
      !(holdsFiles(event.dataTransfer) || (holdsAddress(event.dataTransfer) && !isField(event.target)))
    )
      return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    dragging.value = holdsFiles(event.dataTransfer);
  });
  // The event also fires between elements of the page; only then it names the one that is entered.
  on("dragleave", (event) => {
    if (!event.relatedTarget) dragging.value = false;
  });
  on("drop", (event) => {
    dragging.value = false;
    const files = photosOf(event.dataTransfer?.files);
    // A field takes the text of what has both, as a picture out of a web page has.
    if (isField(event.target) && (!files.length || event.dataTransfer?.types.includes("text/plain"))) return;
    if (!files.length && !(event.dataTransfer && holdsAddress(event.dataTransfer))) return;
    event.preventDefault();
    if (files.length) open(files);
    else onAddress();
  });
  on("paste", (event) => {
    const files = photosOf(event.clipboardData?.files);
    // Office programs copy text with a picture of it: in a field the text is meant.
    if (!files.length || isField(event.target)) return;
    event.preventDefault();
    open(files);
  });
  return () => abort.abort();
}

const holdsFiles = ({ types }: DataTransfer): boolean => types.includes("Files");
const holdsAddress = ({ types }: DataTransfer): boolean => types.includes("text/uri-list");
const isField = (target: EventTarget | null): boolean => target instanceof HTMLElement && takesText(target);

/** A system may not know the types of these. */
const endings = [".heic", ".heif", ".avif", projectEnding];

/** All pictures and projects; where there are none the first file, whose message then says what is wrong with it. */
export function photosOf(files: FileList | null | undefined): readonly File[] {
  const list = [...(files ?? [])];
  const photos = list.filter(
    ({ type, name }) => type.startsWith("image/") || endings.some((ending) => name.toLowerCase().endsWith(ending)),
  );
  return photos.length ? photos : list.slice(0, 1);
}
