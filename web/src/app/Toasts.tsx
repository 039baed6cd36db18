/** Short notes at the edge: saved, a new version. */
import { Check, Copy, RefreshCw, X } from "lucide-preact";
import { useEffect } from "preact/hooks";
import type { SavedFile } from "../state/download";
import type { Toast } from "../features/save/saving";
import { IconButton } from "../components/IconButton";
import { t } from "../i18n/translate";

const seconds = 8;

export function SavedToast({ toast, onCopy, onEnd }: { toast: Toast; onCopy(file: SavedFile): void; onEnd(): void }) {
  useEffect(() => {
    const timer = setTimeout(onEnd, seconds * 1000);
    return () => clearTimeout(timer);
  }, [toast, onEnd]);
  const { file } = toast;
  return (
    <div class="panel toast" role="status" data-testid="toast">
      <Check class="toast-check" />
      <span class="toast-words">{toast.text}</span>
      {file && <IconButton icon={Copy} text={t("Copy")} label={t("Copy it")} onClick={() => onCopy(file)} />}
    </div>
  );
}

export function UpdateToast({ onAccept, onLater }: { onAccept(): void; onLater(): void }) {
  return (
    <div class="panel toast" role="status" data-testid="update">
      <span class="toast-words">{t("A new version is ready.")}</span>
      <IconButton icon={RefreshCw} text={t("Update")} label={t("Update now")} onClick={onAccept} />
      <IconButton icon={X} label={t("Later")} onClick={onLater} />
    </div>
  );
}
