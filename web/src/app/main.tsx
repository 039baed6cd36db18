/** Starts the page: reads its address, brings the engine up, renders. With `?bench` it measures instead. */
import { computed, effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./App";
import { welcomeArrivals } from "../features/open/arrivals";
import { watchCameras } from "../features/open/camera";
import { noPostprocessing } from "../postprocess/postprocess";
import { Controller } from "./controller";
import { firstPostprocessing } from "../state/firstPostprocess";
import { foreignManifestMessage, tooOldMessage } from "../state/messages";
import { lacking } from "./lacking";
import { openDialog } from "./openDialog";
import { withRemembered } from "../features/models/modelChoice";
import { readQuery } from "./query";
import { keepRuntime, registerServiceWorker } from "../workers/service/client";
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
import "./styles/print.css";

const address = new URL(location.href);
await startSpeaking(address);
const query = readQuery(address, document.baseURI);
const choice = withRemembered(query.choice, address);
const place = document.getElementById("app")!;
// What the file says where no script runs.
place.replaceChildren();
if (address.searchParams.has("bench")) await measure();
else open();

function withoutBench({ href }: URL): string {
  const home = new URL(href);
  home.searchParams.delete("bench");
  return home.href;
}

/** Nothing else may run beside what is measured. */
async function measure(): Promise<void> {
  const { Bench, BenchPage, loaderOf } = await import("../features/bench/BenchPage");
  render(<BenchPage bench={new Bench(loaderOf(choice), choice.providers)} home={withoutBench(address)} />, place);
}

function open(): void {
  if (query.rawMasks) firstPostprocessing.value = noPostprocessing;
  if (query.tiers) overrideTiers(query.tiers);
  if (query.looksOnce) lookOnce();
  const controller = new Controller(choice);
  if (query.foreignManifest) controller.tell(foreignManifestMessage());
  const lacks = lacking();
  if (lacks.length) controller.tell(tooOldMessage(lacks));
  void controller.album.restore();
  render(<App controller={controller} />, place);
  if (import.meta.env.PROD) effect(() => void keepRuntime(controller.engine.segmenter.value?.info.runtime.files ?? []));
  void watchCameras();
  welcomeArrivals(controller, () => (openDialog.value = "camera"));

  const register = () =>
    registerServiceWorker(
      () => controller.session.peek() === null && !controller.opening.peek() && !controller.album.returning.peek(),
    );
  if (lacks.length) {
    // The message says what helps: a model that is loaded all the same would only put another one in its place.
  } else if (import.meta.env.PROD && !globalThis.crossOriginIsolated) {
    // The service worker is what brings isolation, and a reload: let it come first.
    void register();
    void controller.start().then(() => useQuiet(controller));
  } else {
    // Two downloads of the same model would compete.
    void controller.start().then(() => {
      if (import.meta.env.PROD) void register();
      void useQuiet(controller);
    });
  }
}

/** What is done while nobody waits for anything: the fastest provider is found, once, and a worn worker replaced. */
async function useQuiet(controller: Controller): Promise<void> {
  const [{ Race }, { Renewal }, { watchStillness }] = await Promise.all([
    import("../state/race"),
    import("../state/renewal"),
    import("../state/stillness"),
  ]);
  const still = watchStillness(5000);
  const quiet = computed(() => still.value && controller.idle.value);
  new Renewal(controller.runners).watch(quiet);
  new Race(controller.runners).watch(quiet);
}
