/** The sheet of gestures and keys, on `?`. */
import { Dialog } from "./Dialog";
import { KeyList } from "./KeyList";

export function Shortcuts({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Gestures and keys" testId="shortcuts" onClose={onClose}>
      <KeyList />
    </Dialog>
  );
}
