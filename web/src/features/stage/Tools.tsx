/** Undo, redo, the tool in hand, what a tap means, clear, the next object, and all at once. */
import { Minus, Plus, Redo2, Shapes, SquarePlus, Trash2, Undo2 } from "lucide-preact";
import { ActionButton } from "../../components/ActionButton";
import { t } from "../../i18n/translate";
import type { Action } from "../../state/action";
import type { Tool } from "../../state/tool";
import { ToolPicker, type ToolActions } from "./ToolPicker";

interface Props {
  actions: ToolActions &
    Readonly<Record<"undo" | "redo" | "foreground" | "background" | "clear" | "newObject" | "findAll", Action>>;
  /** The one in hand. */
  tool: Tool;
}

export function Tools({ actions, tool }: Props) {
  return (
    <div class="panel tools" role="toolbar" aria-label={t("Tools")}>
      <ActionButton action={actions.undo} icon={Undo2} testId="undo" />
      <ActionButton action={actions.redo} icon={Redo2} testId="redo" />
      <ToolPicker actions={actions} tool={tool} />
      <div class="modes" role="group" aria-label={t("A tap means")}>
        <ActionButton action={actions.foreground} icon={Plus} text testId="mode-foreground" />
        <ActionButton action={actions.background} icon={Minus} text testId="mode-background" />
      </div>
      <ActionButton
        action={actions.clear}
        icon={Trash2}
        hint={t("Removes all points, the box and what was painted")}
        testId="clear"
      />
      <ActionButton action={actions.newObject} icon={SquarePlus} testId="new-object" />
      <ActionButton action={actions.findAll} icon={Shapes} testId="find-all" />
    </div>
  );
}
