/** Fields of the page that text is typed into. */

/** As much of an element as has to be known. */
export type Control = Pick<HTMLElement, "isContentEditable" | "tagName"> & { readonly type?: string };

const withoutText = new Set(["range", "checkbox", "radio", "color", "file", "button", "submit", "reset", "image"]);

export const takesText = ({ isContentEditable, tagName, type }: Control): boolean =>
  isContentEditable || tagName === "TEXTAREA" || (tagName === "INPUT" && !withoutText.has(type ?? ""));
