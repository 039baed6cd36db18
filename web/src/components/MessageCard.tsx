/** What happened, what was kept, and one button that helps. */
import { X } from "lucide-preact";
import { remedyLabels, type Message, type Remedy } from "../state/messages";
import { IconButton } from "./IconButton";
import { t } from "../i18n/translate";

interface Props {
  message: Message;
  onRemedy(remedy: Remedy): void;
  onDismiss(): void;
}

export function MessageCard({ message, onRemedy, onDismiss }: Props) {
  const { remedy } = message;
  return (
    <div
      class={`panel message message-${message.tone}`}
      role={message.tone === "error" ? "alert" : "status"}
      data-testid="message"
    >
      <div class="message-words">
        <strong>{message.title}</strong>
        <p>{message.text}</p>
      </div>
      {remedy && (
        <button type="button" class="button" onClick={() => onRemedy(remedy)}>
          {t(remedyLabels[remedy])}
        </button>
      )}
      <IconButton icon={X} label={t("Close")} onClick={onDismiss} />
    </div>
  );
}
