/** Starts the page: reads its address, brings the engine up, renders. */
import { render } from "preact";
import { App } from "./App";
import { welcomeArrivals } from "../features/open/arrivals";
import { watchCameras } from "../features/open/camera";
import { rawFinish } from "../postprocess/postprocess";
import { Controller } from "./controller";
import { firstFinish } from "../state/firstPostprocess";
import { foreignManifestMessage } from "../state/messages";
import { openDialog } from "./openDialog";
import { withRemembered } from "../features/models/modelChoice";
import { readQuery } from "./query";
import { registerServiceWorker } from "../workers/service/client";
import { startSpeaking } from "../state/language";
import { lookOnce } from "../state/looking";
import { overrideTiers } from "../state/tierChoice";
import "./styles/base.css";
import "../components/controls.css";
import "../components/dialog.css";
import "../features/library/film.css";
import "../features/open/input.css";
import "./styles/layout.css";
import "../features/find-all/find-all.css";
import "../features/models/models.css";
import "../features/objects/objects.css";
import "../features/save/save.css";
import "../features/refine/refine.css";
import "../features/stage/stage.css";
import "../features/library/storage.css";
import "../features/open/welcome.css";
import "./styles/small.css";

const address = new URL(location.href);
await startSpeaking(address);
const query = readQuery(address, document.baseURI);
if (query.rawMasks) firstFinish.value = rawFinish;
if (query.tiers) overrideTiers(query.tiers);
if (query.looksOnce) lookOnce();
const controller = new Controller(withRemembered(query.choice, address));
if (query.foreignManifest) controller.tell(foreignManifestMessage());
void controller.album.restore();
const place = document.getElementById("app")!;
// What the file says where no script runs.
place.replaceChildren();
render(<App controller={controller} />, place);
void watchCameras();
welcomeArrivals(controller, () => (openDialog.value = "camera"));

const register = () =>
  registerServiceWorker(
    () => controller.session.peek() === null && !controller.opening.peek() && !controller.album.returning.peek(),
  );
if (import.meta.env.PROD && !globalThis.crossOriginIsolated) {
  // The service worker is what brings isolation, and a reload: let it come first.
  void register();
  void controller.start();
} else {
  // Two downloads of the same model would compete.
  void controller.start().then(() => (import.meta.env.PROD ? register() : undefined));
}
