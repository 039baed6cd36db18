/** The page: puts the views in their places and hands what they emit to the controller. */
import type { ComponentChildren } from "preact";
import { Camera, House, ImagePlus, Info, Maximize, Settings as Gear, ZoomIn, ZoomOut } from "lucide-preact";
import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { cameraWay } from "../features/open/camera";
import { createActions, shortcutGroups, type Actions } from "./actions";
import type { Controller } from "./controller";
import { dragging, listenForFiles, photosOf } from "../features/open/fileInput";
import { openDialog } from "./openDialog";
import { listenToKeys } from "./keyboard";
import { addressMessage, type Remedy } from "../state/messages";
import { acceptedFiles } from "../state/projects";
import { samples } from "../features/open/samples";
import { acceptUpdate, updateReady } from "../workers/service/client";
import { Place } from "../features/stage/Place";
import { Stage } from "../features/stage/Stage";
import { FoundLayer } from "../features/find-all/FoundLayer";
import { About } from "./About";
import { CameraDialog } from "../features/open/CameraDialog";
import { BrushBar } from "../features/stage/BrushBar";
import { Filmstrip } from "../features/library/Filmstrip";
import { EverythingPanel } from "../features/find-all/EverythingPanel";
import { Hint } from "../features/stage/Hint";
import { ActionButton } from "../components/ActionButton";
import { IconButton } from "../components/IconButton";
import { MessageCard } from "../components/MessageCard";
import { ObjectPanel } from "../features/objects/ObjectPanel";
import { Refine } from "../features/refine/Refine";
import { RemovedToast } from "../features/library/RemovedToast";
import { Result } from "./Result";
import { Settings } from "./Settings";
import { Shortcuts } from "../features/shortcuts/Shortcuts";
import { StatusChip } from "./StatusChip";
import { SavedToast, UpdateToast } from "./Toasts";
import { Tools } from "../features/stage/Tools";
import { Welcome } from "../features/open/Welcome";
import { t } from "../i18n/translate";

/** A window closes itself only: its event may come after the next one was opened. */
const closeDialog = (name: typeof openDialog.value) => () => {
  if (openDialog.peek() === name) openDialog.value = null;
};

export function App({ controller }: { controller: Controller }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = useCallback(() => input.current!.click(), []);
  const cameraApp = useRef<HTMLInputElement>(null);
  const shoot = useCallback(
    () => (cameraWay.peek() === "app" ? cameraApp.current!.click() : void (openDialog.value = "camera")),
    [],
  );
  const open = useCallback((files: readonly File[]) => void controller.openAll(files), [controller]);
  useEffect(() => listenForFiles(open, () => controller.tell(addressMessage())), [open, controller]);
  const actions = useMemo(
    () => createActions(controller, { choosePhoto: choose, showShortcuts: () => (openDialog.value = "shortcuts") }),
    [controller, choose],
  );
  const shortcuts = useMemo(() => shortcutGroups(actions), [actions]);
  useEffect(() => listenToKeys(controller, actions), [controller, actions]);

  const session = controller.session.value;
  const message = controller.shownMessage.value;
  const remedy = (kind: Remedy) => (kind === "choose-photo" ? choose() : controller.remedy(kind));
  return (
    <>
      <TopBar controller={controller} actions={actions} onShoot={shoot}>
        <input
          ref={input}
          class="visually-hidden"
          type="file"
          accept={acceptedFiles}
          multiple
          data-testid="photo-input"
          aria-label={t("Photo")}
          tabIndex={-1}
          onChange={(event) => open(takeFiles(event.currentTarget))}
        />
        <input
          ref={cameraApp}
          class="visually-hidden"
          type="file"
          accept="image/*"
          capture="environment"
          data-testid="camera-input"
          aria-label={t("Camera")}
          tabIndex={-1}
          onChange={(event) => open(takeFiles(event.currentTarget))}
        />
      </TopBar>
      <Filmstrip album={controller.album} onShow={(id) => void controller.show(id)} />
      {session ? (
        <Workplace key={session.id} controller={controller} actions={actions} />
      ) : controller.album.returning.value ? null : (
        <Welcome
          samples={samples}
          onChoose={choose}
          onShoot={cameraWay.value && shoot}
          onSample={({ file, name }) => void controller.openSample(file, `${name}.jpg`)}
        />
      )}
      <div class="notes">
        {message && <MessageCard message={message} onRemedy={remedy} onDismiss={() => controller.dismiss()} />}
        <Toasts controller={controller} />
      </div>
      {dragging.value && (
        <div class="drop-here" role="status">
          {t("Drop the photo")}
        </div>
      )}
      {openDialog.value === "about" && (
        <About
          phase={controller.engine.phase.value}
          samples={samples}
          shortcuts={shortcuts}
          onClose={closeDialog("about")}
        />
      )}
      {openDialog.value === "camera" && (
        <CameraDialog onPhoto={(file) => open([file])} onChoose={choose} onClose={closeDialog("camera")} />
      )}
      {openDialog.value === "shortcuts" && <Shortcuts shortcuts={shortcuts} onClose={closeDialog("shortcuts")} />}
      {openDialog.value === "settings" && <Settings controller={controller} onClose={closeDialog("settings")} />}
    </>
  );
}

/** The photos that were chosen; the input forgets them, so that the same ones can be chosen again. */
function takeFiles(input: HTMLInputElement): readonly File[] {
  const files = photosOf(input.files);
  input.value = "";
  return files;
}

function TopBar({
  controller,
  actions,
  onShoot,
  children,
}: {
  controller: Controller;
  actions: Actions;
  onShoot(): void;
  children: ComponentChildren;
}) {
  const status = controller.status.value;
  return (
    <header class="top-bar">
      {children}
      {controller.session.value && (
        <div class="panel ways-in">
          <IconButton icon={House} label={t("Back to the start")} testId="home" onClick={() => controller.home()} />
          <ActionButton action={actions.open} icon={ImagePlus} text testId="open" />
          {cameraWay.value && (
            <IconButton icon={Camera} label={t("Take a photo")} testId="take-photo" onClick={onShoot} />
          )}
        </div>
      )}
      <StatusChip status={status} onCancel={status.state === "encoding" ? () => controller.stopReading() : null} />
      <div class="panel about-button">
        <IconButton
          icon={Gear}
          label={t("Settings")}
          testId="settings-button"
          onClick={() => (openDialog.value = "settings")}
        />
        <IconButton icon={Info} label={t("About")} testId="about-button" onClick={() => (openDialog.value = "about")} />
      </div>
    </header>
  );
}

function Workplace({ controller, actions }: { controller: Controller; actions: Actions }) {
  const { everything, objects, prompting, saving, viewport } = controller;
  const session = controller.session.value;
  if (!session) return null;
  const edited = session.edited.value;
  const refines = prompting.refining.open.value && edited !== null && !everything.isOpen.value;
  const controls = workplaceClass({
    "with-objects": objects.listed.value,
    "with-refine": refines,
    "with-found": everything.isOpen.value,
    "with-brush": prompting.drawing.paints.value,
  });
  return (
    <main class={controls}>
      <h1 class="visually-hidden">Tapmask</h1>
      <Stage session={session} viewport={viewport} prompting={prompting} controls={controls} />
      <Place session={session} prompting={prompting} corner={controller.keyboardBox.corner.value} />
      {everything.isOpen.value && <FoundLayer everything={everything} viewport={viewport} />}
      <Tools actions={actions} tool={prompting.drawing.tool.value} />
      <ObjectPanel session={session} objects={objects} newObject={actions.newObject} />
      <BrushBar drawing={prompting.drawing} actions={actions} />
      {refines && edited && (
        <Refine
          finish={edited.object.finish}
          photo={session.photo}
          refining={prompting.refining}
          toggle={actions.refine}
        />
      )}
      {everything.isOpen.value && <EverythingPanel session={session} everything={everything} leave={actions.leave} />}
      {!refines && !everything.isOpen.value && (edited || saving.others.value) && (
        <Result session={session} prompting={prompting} saving={saving} actions={actions} />
      )}
      {!prompting.hasAsked.value && !everything.isOpen.value && session.encoded.value && <Hint />}
      <div class="panel zoom" role="group" aria-label={t("Zoom")}>
        <ActionButton action={actions.zoomOut} icon={ZoomOut} />
        <ActionButton action={actions.fit} icon={Maximize} />
        <ActionButton action={actions.zoomIn} icon={ZoomIn} />
      </div>
    </main>
  );
}

/** Who covers more of the photo says so: the stage fits it beside them. */
const workplaceClass = (parts: Readonly<Record<string, boolean>>): string =>
  ["workplace", ...Object.keys(parts).filter((name) => parts[name])].join(" ");

function Toasts({ controller }: { controller: Controller }) {
  const { saving, prompting, album } = controller;
  const removal = album.removed.value;
  const toast = saving.toast.value;
  const end = useCallback(() => (saving.toast.value = null), [saving]);
  // An edit is never interrupted: the update waits until there is none.
  const update = updateReady.value && prompting.isEmpty.value;
  return (
    <>
      {removal && <RemovedToast album={album} removal={removal} />}
      {toast && <SavedToast toast={toast} onCopy={(file) => void saving.copy(file)} onEnd={end} />}
      {update && !toast && <UpdateToast onAccept={acceptUpdate} onLater={() => (updateReady.value = false)} />}
    </>
  );
}
