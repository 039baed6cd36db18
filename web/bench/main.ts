/**
 * The page that is measured: `?side=app&manifest=URL` runs a model through the app's engine (`&instant=ID`: that one
 * first), `?side=plain&models=URL` the plain recipe. The code of the other side is not loaded.
 */
import { drawPhoto } from "../src/state/drawnPhoto";
import type { Side } from "./types";

const query = new URLSearchParams(location.search);
const side: Promise<Side> =
  query.get("side") === "app"
    ? import("./app").then(({ appSide }) => appSide(query.get("manifest")!, query.get("instant") ?? undefined))
    : import("./plain").then(({ plainSide }) => plainSide(query.get("models")!, Number(query.get("threads"))));

globalThis.bench = {
  loaded: side.then(async (it) => ({ ...(await it.load()), ms: performance.now() })),

  follow: async () => (await side).follow?.(),

  async refine() {
    const it = await side;
    if (!it.refine) throw new Error("This side has no instant tier.");
    const start = performance.now();
    return { ...(await it.refine()), ms: performance.now() - start };
  },

  async encode(width, height) {
    const photo = drawPhoto(width, height);
    const start = performance.now();
    await (await side).encode(photo);
    return performance.now() - start;
  },

  tap: async (x, y, mode) => (await side).tap(x, y, mode),
};
