/** Starts the page: reads its address, brings the engine up, renders. */
import { render } from "preact";
import { App } from "./ui/App";
import { welcomeArrivals } from "./ui/arrivals";
import { watchCameras } from "./ui/camera";
import { rawFinish } from "./core/finish";
import { Controller } from "./ui/controller";
import { firstFinish } from "./ui/firstFinish";
import { foreignManifestMessage } from "./ui/messages";
import { openDialog } from "./ui/openDialog";
import { withRemembered } from "./ui/modelChoice";
import { readQuery } from "./ui/query";
import { registerServiceWorker } from "./ui/serviceWorker";
import { startSpeaking } from "./ui/words/choice";
import "./ui/styles/base.css";
import "./ui/styles/controls.css";
import "./ui/styles/dialog.css";
import "./ui/styles/film.css";
import "./ui/styles/input.css";
import "./ui/styles/layout.css";
import "./ui/styles/everything.css";
import "./ui/styles/models.css";
import "./ui/styles/objects.css";
import "./ui/styles/save.css";
import "./ui/styles/shape.css";
import "./ui/styles/stage.css";
import "./ui/styles/storage.css";
import "./ui/styles/welcome.css";
import "./ui/styles/small.css";

const address = new URL(location.href);
await startSpeaking(address);
const query = readQuery(address, document.baseURI);
if (query.rawMasks) firstFinish.value = rawFinish;
const controller = new Controller(withRemembered(query.choice, address));
if (query.foreignManifest) controller.tell(foreignManifestMessage());
void controller.album.restore();
render(<App controller={controller} />, document.getElementById("app")!);
void watchCameras();
welcomeArrivals(controller, () => (openDialog.value = "camera"));

const register = () => registerServiceWorker(() => controller.session.peek() === null && !controller.opening.peek() && !controller.album.returning.peek());
if (import.meta.env.PROD && !globalThis.crossOriginIsolated) {
  // The service worker is what brings isolation, and a reload: let it come first.
  void register();
  void controller.start();
} else {
  // Two downloads of the same model would compete.
  void controller.start().then(() => (import.meta.env.PROD ? register() : undefined));
}
