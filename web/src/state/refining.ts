/** What is done to the mask of the active object: the panel's settings, as edits that can be undone. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { setPostprocessing, type Document } from "../document/document";
import type { Postprocessing } from "../postprocess/postprocess";
import { rememberPostprocessing } from "./firstPostprocess";
import type { Session } from "./session";

export class Refining {
  /** Is the panel open? */
  readonly open = signal(false);
  /** The document as it was before a slider began to move: the whole way is one step. */
  private before: { session: Session; document: Document } | null = null;

  constructor(
    private readonly session: ReadonlySignal<Session | null>,
    private readonly edit: (change: (doc: Document) => Document) => void,
  ) {}

  toggle(): void {
    this.open.value = !this.open.peek();
  }

  /** @param done False: a slider is still on its way. */
  set(change: Partial<Postprocessing>, done = true): void {
    const session = this.session.peek();
    if (!session) return;
    if (this.before?.session !== session) this.before = { session, document: session.document.peek() };
    const { document } = this.before;
    const finish = { ...session.active.peek().finish, ...change };
    this.edit(() => setPostprocessing(document, finish));
    if (!done) return;
    this.before = null;
    rememberPostprocessing(finish);
  }

  reset(): void {
    this.open.value = false;
    this.before = null;
  }
}
