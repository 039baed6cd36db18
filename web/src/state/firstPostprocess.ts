/** How the first object of the next photo is finished: as the last one was, also after a reload. */
import { cleanFinish, completeFinish, isFinish, sameFinish, type Finish } from "../postprocess/postprocess";
import { parsed, Persisted } from "./persisted";

const store = new Persisted<Finish>("tapmask-finish", {
  read(text) {
    const stored = parsed(text);
    return isFinish(stored) ? completeFinish(stored) : cleanFinish;
  },
  write: (finish) => (sameFinish(finish, cleanFinish) ? null : JSON.stringify(finish)),
});

export const firstFinish = store.signal;

export const rememberFinish = (finish: Finish): void => store.set(finish);
