/** One button that shows the tool in hand, and opens a menu with all of them. */
import { Brush, Eraser, Lasso, Pointer, Signature, type LucideIcon } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ActionButton } from "../../components/ActionButton";
import type { Action } from "../../state/action";
import type { Tool } from "../../state/tool";
import { t } from "../../i18n/translate";

export type ToolActions = Readonly<Record<Tool, Action>>;

interface Props {
  actions: ToolActions;
  /** The one in hand. */
  tool: Tool;
}

const icons: readonly (readonly [Tool, LucideIcon])[] = [
  ["tap", Pointer],
  ["scribble", Signature],
  ["lasso", Lasso],
  ["brush", Brush],
  ["eraser", Eraser],
];

export function ToolPicker({ actions, tool }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const Icon = icons.find(([kind]) => kind === tool)![1];
  const { name, label } = actions[tool];
  const title = t("Tool: {name}", { name: t(name ?? label) });
  useEffect(() => {
    if (!open) return undefined;
    root.current?.querySelector<HTMLElement>(".tool-menu [aria-pressed=true]")?.focus();
    const abort = new AbortController();
    const elsewhere = (event: Event) => !root.current?.contains(event.target as Node) && setOpen(false);
    for (const type of ["pointerdown", "focusin"])
      document.addEventListener(type, elsewhere, { signal: abort.signal, capture: true });
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
      <button
        type="button"
        class="icon-button"
        data-testid="tool"
        data-tool={tool}
        aria-expanded={open}
        aria-label={title}
        title={title}
        onClick={() => setOpen(!open)}
      >
        <Icon />
      </button>
      {open && (
        <div class="panel tool-menu" role="group" aria-label={t("Tool")}>
          {icons.map(([kind, icon]) => (
            <ActionButton key={kind} action={actions[kind]} icon={icon} text testId={`tool-${kind}`} onDone={close} />
          ))}
        </div>
      )}
    </div>
  );
}
