/** A button with a picture, and words where there is room for them. */
import type { LucideIcon } from "lucide-preact";

interface Props {
  icon: LucideIcon;
  label: string;
  /** Shown beside the icon. */
  text?: string;
  /** The key, or a word more, in the tooltip. */
  hint?: string;
  testId?: string;
  pressed?: boolean;
  disabled?: boolean;
  kind?: "plain" | "primary";
  onClick(): void;
}

export function IconButton({
  icon: Icon,
  label,
  text,
  hint,
  testId,
  pressed,
  disabled,
  kind = "plain",
  onClick,
}: Props) {
  return (
    <button
      type="button"
      class={`icon-button${text ? " with-text" : ""}${kind === "primary" ? " primary" : ""}`}
      aria-label={label}
      title={hint ? `${label} (${hint})` : label}
      aria-pressed={pressed}
      disabled={disabled}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon />
      {text && <span>{text}</span>}
    </button>
  );
}
