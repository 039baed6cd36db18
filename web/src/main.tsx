/** Starts the page: reads its address, brings the engine up, renders. */
import { render } from "preact";
import { App } from "./ui/App";
import { Controller } from "./ui/controller";
import { foreignManifestMessage } from "./ui/messages";
import { withRemembered } from "./ui/modelChoice";
import { readQuery } from "./ui/query";
import { registerServiceWorker } from "./ui/serviceWorker";
import "./ui/styles/base.css";
import "./ui/styles/controls.css";
import "./ui/styles/dialog.css";
import "./ui/styles/layout.css";
import "./ui/styles/everything.css";
import "./ui/styles/models.css";
import "./ui/styles/objects.css";
import "./ui/styles/stage.css";
import "./ui/styles/welcome.css";

const query = readQuery(new URL(location.href), document.baseURI);
const controller = new Controller(withRemembered(query.choice, new URL(location.href)));
if (query.foreignManifest) controller.tell(foreignManifestMessage);
render(<App controller={controller} />, document.getElementById("app")!);

const register = () => registerServiceWorker(() => controller.session.peek() === null);
if (import.meta.env.PROD && !globalThis.crossOriginIsolated) {
  // The service worker is what brings isolation, and a reload: let it come first.
  void register();
  void controller.start();
} else {
  // Two downloads of the same model would compete.
  void controller.start().then(() => (import.meta.env.PROD ? register() : undefined));
}
