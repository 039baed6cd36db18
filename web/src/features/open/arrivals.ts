/**
 * Photos that come with the start of the page: shared by another app, or opened with this one from the file manager.
 */
import { takeShared } from "../../workers/service/shared/shared";
import { sharedNothingMessage, type Message } from "../../state/messages";

interface LaunchParams {
  readonly files: readonly FileSystemFileHandle[];
}

interface Opener {
  openAll(files: readonly File[]): Promise<void>;
  tell(message: Message): void;
}

declare global {
  var launchQueue: { setConsumer(consumer: (params: LaunchParams) => void): void } | undefined;
}

/** @param onCamera The page was started to take a photo. */
export function welcomeArrivals(controller: Opener, onCamera: () => void): void {
  globalThis.launchQueue?.setConsumer(({ files }) => void openHandles(controller, files));
  const address = new URL(location.href);
  const shared = address.searchParams.get("shared");
  if (address.searchParams.has("camera")) onCamera();
  if (shared !== null) void openShared(controller, shared);
  address.searchParams.delete("shared");
  address.searchParams.delete("camera");
  // So that a reload neither looks for them again nor switches the camera on.
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

async function openShared(controller: Opener, id: string): Promise<void> {
  const files = "caches" in globalThis ? await takeShared(id).catch(() => []) : [];
  if (files.length) await controller.openAll(files);
  else controller.tell(sharedNothingMessage());
}

async function openHandles(controller: Opener, handles: readonly FileSystemFileHandle[]): Promise<void> {
  if (handles.length) await controller.openAll(await Promise.all(handles.map((handle) => handle.getFile())));
}
