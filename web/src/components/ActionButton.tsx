/** The button of an action. */
import type { LucideIcon } from "lucide-preact";
import { t } from "../i18n/translate";
import { shortcutOf, type Action } from "../state/action";
import { IconButton } from "./IconButton";

interface Props {
  action: Action;
  icon: LucideIcon;
  testId?: string;
  /** Shown beside the icon; true: the action's short name, or its label. */
  text?: string | true;
  /** In the tooltip, in the place of the shortcut. */
  hint?: string;
  kind?: "plain" | "primary";
  /** Comes after the action. */
  onDone?(): void;
}

export function ActionButton({ action, icon, testId, text, hint, kind, onDone }: Props) {
  return (
    <IconButton
      icon={icon}
      label={t(action.label)}
      text={text === true ? t(action.name ?? action.label) : text}
      hint={hint ?? shortcutOf(action)}
      testId={testId}
      pressed={action.pressed?.()}
      disabled={!action.enabled()}
      kind={kind}
      onClick={() => {
        action.run();
        onDone?.();
      }}
    />
  );
}
