/** Is a key held down? */

/**
 * @param code The key's place, as `KeyboardEvent.code`.
 * @param window Where keys are heard of; when it loses the focus, the release of a key never comes.
 */
export function holding(
  code: string,
  window: Pick<EventTarget, "addEventListener">,
  signal: AbortSignal,
): () => boolean {
  let down = false;
  const on = (type: string, listener: (event: Event) => void) => window.addEventListener(type, listener, { signal });
  const isIt = (event: Event): boolean => (event as KeyboardEvent).code === code;
  on("keydown", (event) => (down ||= isIt(event)));
  on("keyup", (event) => (down &&= !isIt(event)));
  on("blur", () => (down = false));
  return () => down;
}
