/** How the first object of the next photo is post-processed: as the last one was, also after a reload. */
import {
  defaultPostprocessing,
  completePostprocessing,
  isPostprocessing,
  samePostprocessing,
  type Postprocessing,
} from "../postprocess/postprocess";
import { parsed, Persisted } from "./persisted";

const store = new Persisted<Postprocessing>("tapmask-finish", {
  read(text) {
    const stored = parsed(text);
    return isPostprocessing(stored) ? completePostprocessing(stored) : defaultPostprocessing;
  },
  write: (finish) => (samePostprocessing(finish, defaultPostprocessing) ? null : JSON.stringify(finish)),
});

export const firstPostprocessing = store.signal;

export const rememberPostprocessing = (finish: Postprocessing): void => store.set(finish);
