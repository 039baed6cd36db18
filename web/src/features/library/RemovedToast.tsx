/** A photo was taken out of the film strip: for a while it can be put back. */
import { Undo2 } from "lucide-preact";
import { useEffect } from "preact/hooks";
import type { Album, Removal } from "./album";
import { stem } from "../../state/photo";
import { IconButton } from "../../components/IconButton";
import { t } from "../../i18n/translate";

const seconds = 8;

export function RemovedToast({ album, removal }: { album: Album; removal: Removal }) {
  useEffect(() => {
    const timer = setTimeout(() => album.finishRemoval(), seconds * 1000);
    return () => clearTimeout(timer);
  }, [album, removal]);
  return (
    <div class="panel toast" role="status" data-testid="removed">
      <span class="toast-words">{t("{name} was removed", { name: stem(removal.photo.name) })}</span>
      <IconButton
        icon={Undo2}
        text={t("Undo")}
        label={t("Put it back")}
        testId="put-back"
        onClick={() => album.putBack()}
      />
    </div>
  );
}
