/** Undo, redo, the tool in hand, what a tap means, clear, the next object, and all at once. */
import { Minus, Plus, Redo2, Shapes, SquarePlus, Trash2, Undo2 } from "lucide-preact";
import type { Mode } from "../prompting";
import type { Tool } from "../tool";
import { IconButton } from "./IconButton";
import { ToolPicker } from "./ToolPicker";

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
    <div class="panel tools" role="toolbar" aria-label="Tools">
      <IconButton icon={Undo2} label="Undo" hint="Ctrl+Z" testId="undo" disabled={!canUndo} onClick={onUndo} />
      <IconButton icon={Redo2} label="Redo" hint="Ctrl+Shift+Z" testId="redo" disabled={!canRedo} onClick={onRedo} />
      <ToolPicker tool={tool} onTool={onTool} />
      <div class="modes" role="group" aria-label="A tap means">
        <IconButton icon={Plus} text="Add" label="Add: a tap is part of the object" hint="A" testId="mode-foreground" pressed={mode === "foreground"} onClick={() => onMode("foreground")} />
        <IconButton icon={Minus} text="Remove" label="Remove: a tap is not part of the object" hint="R" testId="mode-background" pressed={mode === "background"} onClick={() => onMode("background")} />
      </div>
      <IconButton icon={Trash2} label="Clear" hint="Removes all points, the box and what was painted" testId="clear" disabled={!canClear} onClick={onClear} />
      <IconButton icon={SquarePlus} label="New object" hint="N" testId="new-object" disabled={!canAdd} onClick={onAdd} />
      <IconButton icon={Shapes} label="Find all" hint="D" testId="find-all" pressed={isFinding} disabled={!canFind} onClick={onFind} />
    </div>
  );
}
