/** Where the save sheet appears. It is loaded when somebody first asks for it. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { Saving } from "./saving";
import type { Session } from "../../state/session";
import { t } from "../../i18n/translate";

export interface SaveSheetProps {
  readonly session: Session;
  readonly saving: Saving;
  onClose(): void;
}

const wanted = signal(false);
const view = signal<ComponentType<SaveSheetProps> | null>(null);
const close = (): void => void (wanted.value = false);

export function openSaveSheet(saving: Saving): void {
  if (!saving.possible.peek()) return;
  wanted.value = true;
  import("./SaveSheet").then(
    ({ SaveSheet }) => (view.value = SaveSheet),
    () => {
      close();
      saving.toast.value = { text: t("The save sheet could not be loaded. Check the connection."), file: null };
    },
  );
}

export function SaveSheetPlace({ session, saving }: Omit<SaveSheetProps, "onClose">) {
  // Another photo does not begin with it.
  useEffect(() => close, [session]);
  const View = view.value;
  return wanted.value && View ? <View session={session} saving={saving} onClose={close} /> : null;
}
