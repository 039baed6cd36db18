/** The sheet of gestures and keys, on `?`. */
import { Dialog } from "../../components/Dialog";
import { t } from "../../i18n/translate";
import { KeyList } from "./KeyList";
import type { Shortcuts as List } from "./shortcutGroups";

export function Shortcuts({ shortcuts, onClose }: { shortcuts: List; onClose(): void }) {
  return (
    <Dialog title={t("Gestures and keys")} testId="shortcuts" onClose={onClose}>
      <KeyList shortcuts={shortcuts} />
    </Dialog>
  );
}
