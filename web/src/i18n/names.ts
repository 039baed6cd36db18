/** Names that the page gave. */
import type { PhotoObject } from "../document/document";
import { t } from "./translate";

/** What an object is called: the user's own name, or the page's one in the page's language. */
export function shownName({ name }: Pick<PhotoObject, "name">): string {
  const number = /^Object (\d+)$/.exec(name)?.[1];
  return number ? t("Object {number}", { number }) : name;
}
