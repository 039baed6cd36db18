/** The sheet of gestures and keys, on `?`. */
import { Dialog } from "../../components/Dialog";
import { KeyList } from "./KeyList";
import { t } from "../../i18n/translate";

export function Shortcuts({ onClose }: { onClose(): void }) {
  return (
    <Dialog title={t("Gestures and keys")} testId="shortcuts" onClose={onClose}>
      <KeyList />
    </Dialog>
  );
}
