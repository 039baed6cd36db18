/** Undo, redo, what a tap means, clear, and the next object. */
import { Eraser, Minus, Plus, Redo2, Shapes, SquarePlus, Undo2 } from "lucide-preact";
import type { Mode } from "../prompting";
import { IconButton } from "./IconButton";

interface Props {
  mode: Mode;
  canUndo: boolean;
  canRedo: boolean;
  canClear: boolean;
  canAdd: boolean;
  onMode(mode: Mode): void;
  onUndo(): void;
  onRedo(): void;
  onClear(): void;
  onAdd(): void;
  /** All objects of the photo are being found, or have been. */
  isFinding: boolean;
  canFind: boolean;
  onFind(): void;
}

export function Tools({ mode, canUndo, canRedo, canClear, canAdd, onMode, onUndo, onRedo, onClear, onAdd, isFinding, canFind, onFind }: Props) {
  return (
    <div class="panel tools" role="toolbar" aria-label="Tools">
      <IconButton icon={Undo2} label="Undo" hint="Ctrl+Z" testId="undo" disabled={!canUndo} onClick={onUndo} />
      <IconButton icon={Redo2} label="Redo" hint="Ctrl+Shift+Z" testId="redo" disabled={!canRedo} onClick={onRedo} />
      <div class="modes" role="group" aria-label="A tap means">
        <IconButton icon={Plus} text="Add" label="Add: a tap is part of the object" hint="A" testId="mode-foreground" pressed={mode === "foreground"} onClick={() => onMode("foreground")} />
        <IconButton icon={Minus} text="Remove" label="Remove: a tap is not part of the object" hint="R" testId="mode-background" pressed={mode === "background"} onClick={() => onMode("background")} />
      </div>
      <IconButton icon={Eraser} label="Clear" hint="Removes all points and the box" testId="clear" disabled={!canClear} onClick={onClear} />
      <IconButton icon={SquarePlus} label="New object" hint="N" testId="new-object" disabled={!canAdd} onClick={onAdd} />
      <IconButton icon={Shapes} label="Find all" hint="E" testId="find-all" pressed={isFinding} disabled={!canFind} onClick={onFind} />
    </div>
  );
}
