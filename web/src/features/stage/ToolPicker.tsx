/** One button that shows the tool in hand, and opens a menu with all of them. */
import { Brush, Eraser, Lasso, Pointer, Signature, type LucideIcon } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Tool } from "../../state/tool";
import { IconButton } from "../../components/IconButton";
import { t, type Text } from "../../i18n/translate";

interface Props {
  tool: Tool;
  onTool(tool: Tool): void;
}

const tools: readonly { tool: Tool; name: Text; label: Text; key: string; icon: LucideIcon }[] = [
  { tool: "tap", name: "Tap", label: "Tap: tap the object, or drag a box around it", key: "T", icon: Pointer },
  { tool: "scribble", name: "Scribble", label: "Scribble: draw along the object", key: "P", icon: Signature },
  { tool: "lasso", name: "Lasso", label: "Lasso: draw around the object", key: "O", icon: Lasso },
  { tool: "brush", name: "Brush", label: "Brush: paint on the mask", key: "B", icon: Brush },
  { tool: "eraser", name: "Eraser", label: "Eraser: take away from the mask", key: "E", icon: Eraser },
];

export function ToolPicker({ tool, onTool }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const inHand = tools.find((item) => item.tool === tool)!;
  useEffect(() => {
    if (!open) return undefined;
    root.current?.querySelector<HTMLElement>(".tool-menu [aria-pressed=true]")?.focus();
    const abort = new AbortController();
    const elsewhere = (event: Event) => !root.current?.contains(event.target as Node) && setOpen(false);
    for (const type of ["pointerdown", "focusin"]) document.addEventListener(type, elsewhere, { signal: abort.signal, capture: true });
    return () => abort.abort();
  }, [open]);
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("[data-testid=tool]")?.focus();
  };
  return (
    <div
      ref={root}
      class="tool-picker"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.preventDefault();
        close();
      }}
    >
      <button type="button" class="icon-button" data-testid="tool" data-tool={tool} aria-expanded={open} aria-label={t("Tool: {name}", { name: t(inHand.name) })} title={t("Tool: {name}", { name: t(inHand.name) })} onClick={() => setOpen(!open)}>
        <inHand.icon />
      </button>
      {open && (
        <div class="panel tool-menu" role="group" aria-label={t("Tool")}>
          {tools.map(({ tool: item, name, label, key, icon }) => (
            <IconButton
              key={item}
              icon={icon}
              text={t(name)}
              label={t(label)}
              hint={key}
              testId={`tool-${item}`}
              pressed={item === tool}
              onClick={() => {
                onTool(item);
                close();
              }}
            />
          ))}
        </div>
      )}
    </div>
  );
}
