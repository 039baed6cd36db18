/** Undo, redo, the tool in hand, what a tap means, clear, the next object, and all at once. */
import { Minus, Plus, Redo2, Shapes, SquarePlus, Trash2, Undo2 } from "lucide-preact";
import type { Mode } from "../../state/prompting";
import type { Tool } from "../../state/tool";
import { IconButton } from "../../components/IconButton";
import { ToolPicker } from "./ToolPicker";
import { t } from "../../i18n/translate";

interface Props {
  mode: Mode;
  tool: Tool;
  canUndo: boolean;
  canRedo: boolean;
  canClear: boolean;
  canAdd: boolean;
  onMode(mode: Mode): void;
  onTool(tool: Tool): void;
  onUndo(): void;
  onRedo(): void;
  onClear(): void;
  onAdd(): void;
  /** All objects of the photo are being found, or have been. */
  isFinding: boolean;
  canFind: boolean;
  onFind(): void;
}

export function Tools({ mode, tool, canUndo, canRedo, canClear, canAdd, onMode, onTool, onUndo, onRedo, onClear, onAdd, isFinding, canFind, onFind }: Props) {
  return (
    <div class="panel tools" role="toolbar" aria-label={t("Tools")}>
      <IconButton icon={Undo2} label={t("Undo")} hint="Ctrl+Z" testId="undo" disabled={!canUndo} onClick={onUndo} />
      <IconButton icon={Redo2} label={t("Redo")} hint="Ctrl+Shift+Z" testId="redo" disabled={!canRedo} onClick={onRedo} />
      <ToolPicker tool={tool} onTool={onTool} />
      <div class="modes" role="group" aria-label={t("A tap means")}>
        <IconButton icon={Plus} text={t("Add")} label={t("Add: a tap is part of the object")} hint="A" testId="mode-foreground" pressed={mode === "foreground"} onClick={() => onMode("foreground")} />
        <IconButton icon={Minus} text={t("Remove")} label={t("Remove: a tap is not part of the object")} hint="R" testId="mode-background" pressed={mode === "background"} onClick={() => onMode("background")} />
      </div>
      <IconButton icon={Trash2} label={t("Clear")} hint={t("Removes all points, the box and what was painted")} testId="clear" disabled={!canClear} onClick={onClear} />
      <IconButton icon={SquarePlus} label={t("New object")} hint="N" testId="new-object" disabled={!canAdd} onClick={onAdd} />
      <IconButton icon={Shapes} label={t("Find all")} hint="D" testId="find-all" pressed={isFinding} disabled={!canFind} onClick={onFind} />
    </div>
  );
}
