/**
 * A modal window with a title: a sheet from below on a phone, a card in the middle elsewhere. Escape or a tap beside it
 * closes it.
 */
import type { ComponentChildren } from "preact";
import { X } from "lucide-preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "./IconButton";
import { t } from "../i18n/translate";

interface Props {
  title: string;
  testId: string;
  onClose(): void;
  children: ComponentChildren;
}

export function Dialog({ title, testId, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before anything can be pressed: an Escape that comes earlier would close nothing.
  useLayoutEffect(() => dialog.current!.showModal(), []);
  const closeOutside = (event: MouseEvent) => event.target === dialog.current && onClose();
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={id}
      data-testid={testId}
      onClose={onClose}
      onClick={closeOutside}
    >
      <div class="dialog-body">
        <header>
          <h2 id={id}>{title}</h2>
          <IconButton icon={X} label={t("Close")} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
