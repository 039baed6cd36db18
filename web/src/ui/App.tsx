/** The page: puts the views in their places and hands what they emit to the controller. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { ImagePlus, Info, Maximize, Settings as Gear, WifiOff, ZoomIn, ZoomOut } from "lucide-preact";
import { useCallback, useEffect, useRef } from "preact/hooks";
import type { Controller } from "./controller";
import { dragging, listenForFiles, pick } from "./fileInput";
import { listenToKeys } from "./keyboard";
import type { Remedy } from "./messages";
import { offline } from "./network";
import { samples } from "./samples";
import { acceptUpdate, updateReady } from "./serviceWorker";
import { Stage } from "./stage/Stage";
import { FoundLayer } from "./stage/FoundLayer";
import { About } from "./views/About";
import { EverythingPanel } from "./views/EverythingPanel";
import { Hint } from "./views/Hint";
import { IconButton } from "./views/IconButton";
import { MessageCard } from "./views/MessageCard";
import { ObjectPanel } from "./views/ObjectPanel";
import { Result } from "./views/Result";
import { Settings } from "./views/Settings";
import { StatusChip } from "./views/StatusChip";
import { SavedToast, UpdateToast } from "./views/Toasts";
import { Tools } from "./views/Tools";
import { Welcome } from "./views/Welcome";

const openDialog = signal<"about" | "settings" | null>(null);
const closeDialog = () => (openDialog.value = null);

export function App({ controller }: { controller: Controller }) {
  const input = useRef<HTMLInputElement>(null);
  const choose = useCallback(() => input.current!.click(), []);
  const open = useCallback((file: File) => void controller.open(file, file.name), [controller]);
  useEffect(() => listenForFiles(open), [open]);
  useEffect(() => listenToKeys(controller, choose), [controller, choose]);

  const session = controller.session.value;
  const message = controller.shownMessage.value;
  const remedy = (kind: Remedy) => (kind === "choose-photo" ? choose() : controller.remedy(kind));
  return (
    <>
      <TopBar controller={controller} onChoose={choose}>
        <input
          ref={input}
          class="visually-hidden"
          type="file"
          accept="image/*"
          data-testid="photo-input"
          aria-label="Photo"
          tabIndex={-1}
          onChange={(event) => {
            const file = pick(event.currentTarget.files);
            // So that the same file can be chosen again.
            event.currentTarget.value = "";
            if (file) open(file);
          }}
        />
      </TopBar>
      {session ? <Workplace key={session.id} controller={controller} /> : <Welcome samples={samples} onChoose={choose} onSample={({ file, name }) => void controller.openSample(file, `${name}.jpg`)} />}
      <div class="notes">
        {message && <MessageCard message={message} onRemedy={remedy} onDismiss={() => controller.dismiss()} />}
        <Toasts controller={controller} />
      </div>
      {dragging.value && <div class="drop-here">Drop the photo</div>}
      {openDialog.value === "about" && <About phase={controller.engine.phase.value} samples={samples} onClose={closeDialog} />}
      {openDialog.value === "settings" && <Settings controller={controller} onClose={closeDialog} />}
    </>
  );
}

function TopBar({ controller, onChoose, children }: { controller: Controller; onChoose(): void; children: ComponentChildren }) {
  const status = controller.status.value;
  return (
    <header class="top-bar">
      {children}
      {controller.session.value && (
        <div class="panel">
          <IconButton icon={ImagePlus} text="Open" label="Open a photo" hint="Ctrl+O" testId="open" onClick={onChoose} />
        </div>
      )}
      <StatusChip status={status} onCancel={status.state === "encoding" ? () => controller.stopReading() : null} />
      {offline.value && (
        <div class="panel badge" data-testid="offline">
          <WifiOff /> Offline
        </div>
      )}
      <div class="panel about-button">
        <IconButton icon={Gear} label="Settings" testId="settings-button" onClick={() => (openDialog.value = "settings")} />
        <IconButton icon={Info} label="About" testId="about-button" onClick={() => (openDialog.value = "about")} />
      </div>
    </header>
  );
}

function Workplace({ controller }: { controller: Controller }) {
  const { everything, objects, prompting, saving, viewport } = controller;
  const session = controller.session.value;
  if (!session) return null;
  return (
    <main class={objects.listed.value ? "workplace with-objects" : "workplace"}>
      <h1 class="visually-hidden">Tapmask</h1>
      <Stage session={session} viewport={viewport} prompting={prompting} />
      {everything.isOpen.value && <FoundLayer everything={everything} viewport={viewport} />}
      <Tools
        mode={prompting.mode.value}
        canUndo={prompting.canUndo.value}
        canRedo={prompting.canRedo.value}
        canClear={!prompting.isEmpty.value}
        canAdd={objects.canAdd.value}
        onMode={(mode) => (prompting.mode.value = mode)}
        onUndo={() => prompting.undo()}
        onRedo={() => prompting.redo()}
        onClear={() => prompting.clear()}
        onAdd={() => objects.add()}
        isFinding={everything.isOpen.value}
        canFind={session.encoded.value}
        onFind={() => everything.toggle()}
      />
      <ObjectPanel session={session} objects={objects} />
      {everything.isOpen.value && <EverythingPanel session={session} everything={everything} />}
      {!everything.isOpen.value && (session.shown.value || saving.others.value) && <Result session={session} prompting={prompting} saving={saving} />}
      {!prompting.hasAsked.value && !everything.isOpen.value && session.encoded.value && <Hint />}
      <div class="panel zoom" role="group" aria-label="Zoom">
        <IconButton icon={ZoomOut} label="Zoom out" hint="−" onClick={() => viewport.zoom(0.8)} />
        <IconButton icon={Maximize} label="Fit" hint="0" onClick={() => viewport.fit()} />
        <IconButton icon={ZoomIn} label="Zoom in" hint="+" onClick={() => viewport.zoom(1.25)} />
      </div>
    </main>
  );
}

function Toasts({ controller }: { controller: Controller }) {
  const { saving, prompting } = controller;
  const toast = saving.toast.value;
  const end = useCallback(() => (saving.toast.value = null), [saving]);
  // An edit is never interrupted: the update waits until there is none.
  const update = updateReady.value && prompting.isEmpty.value;
  return (
    <>
      {toast && <SavedToast toast={toast} onCopy={(file) => void saving.copy(file)} onEnd={end} />}
      {update && !toast && <UpdateToast onAccept={acceptUpdate} onLater={() => (updateReady.value = false)} />}
    </>
  );
}
