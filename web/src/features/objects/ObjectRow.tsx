/** One line of the list of objects. */
import { CopyPlus, Eye, EyeOff, GripVertical, Pencil, Trash2 } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { isBlank, type PhotoObject } from "../../document/document";
import { longestName } from "../../document/objects";
import type { Objects } from "./objects";
import type { Session } from "../../state/session";
import { IconButton } from "../../components/IconButton";
import { ObjectPicture } from "./ObjectPicture";
import { t } from "../../i18n/translate";
import { shownName } from "../../i18n/names";

interface Props {
  session: Session;
  objects: Objects;
  object: PhotoObject;
  active: boolean;
  /** Where a row that is dragged would go. */
  drop: "above" | "below" | null;
  onGrip(event: PointerEvent): void;
  onSelected(): void;
}

export function ObjectRow({ session, objects, object, active, drop, onGrip, onSelected }: Props) {
  const { id, hidden } = object;
  const name = shownName(object);
  const typing = objects.renaming.value === id;
  const onKeyDown = (event: KeyboardEvent): void => {
    const act =
      event.key === "F2"
        ? () => (objects.renaming.value = id)
        : event.key === "Delete"
          ? () => objects.remove(id)
          : null;
    if (!act) return;
    event.preventDefault();
    act();
  };
  const onGripKey = (event: KeyboardEvent): void => {
    const down = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!down) return;
    event.preventDefault();
    const grip = event.currentTarget as HTMLElement;
    objects.move(id, down);
    // A row that was moved in the page has lost the focus.
    requestAnimationFrame(() => grip.focus());
  };
  return (
    <li class="object-row" data-testid={`object-${id}`} data-id={id} data-active={active} data-drop={drop}>
      <button
        type="button"
        class="icon-button grip"
        aria-label={t("Move {name}: up and down keys", { name })}
        title={t("Drag to reorder (↑ ↓)")}
        onPointerDown={onGrip}
        onKeyDown={onGripKey}
      >
        <GripVertical />
      </button>
      {typing ? (
        <NameField
          object={object}
          session={session}
          onDone={(text) => objects.rename(id, text === name ? null : text)}
        />
      ) : (
        <button
          type="button"
          class="object-main"
          aria-pressed={active}
          // A blank one is called what is written on it: its name and what to do.
          aria-label={
            isBlank(object) ? undefined : active ? t("{name}, being edited", { name }) : t("Edit {name}", { name })
          }
          title={t("{name} (F2 renames)", { name })}
          onClick={() => {
            objects.select(id);
            onSelected();
          }}
          onDblClick={() => (objects.renaming.value = id)}
          onKeyDown={onKeyDown}
        >
          <ObjectPicture session={session} object={object} />
          <span class="object-words">
            <span class="object-name">{name}</span>
            {isBlank(object) && <span class="object-note">{t("Tap it on the photo")}</span>}
          </span>
        </button>
      )}
      <IconButton
        icon={hidden ? EyeOff : Eye}
        label={hidden ? t("Show {name}", { name }) : t("Hide {name}", { name })}
        testId={`object-${id}-eye`}
        onClick={() => objects.toggle(id)}
      />
      {active && !typing && (
        <div class="object-actions" role="group" aria-label={name}>
          <IconButton
            icon={Pencil}
            label={t("Rename {name}", { name })}
            hint="F2"
            testId={`object-${id}-rename`}
            onClick={() => (objects.renaming.value = id)}
          />
          <IconButton
            icon={CopyPlus}
            label={t("Duplicate {name}", { name })}
            testId={`object-${id}-duplicate`}
            onClick={() => objects.duplicate(id)}
          />
          <IconButton
            icon={Trash2}
            label={t("Delete {name}", { name })}
            hint="Delete"
            testId={`object-${id}-delete`}
            onClick={() => objects.remove(id)}
          />
        </div>
      )}
    </li>
  );
}

function NameField({
  object,
  session,
  onDone,
}: {
  object: PhotoObject;
  session: Session;
  onDone(text: string | null): void;
}) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current!.select(), []);
  const finish = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    // Escape would close the sheet around it.
    event.preventDefault();
    event.stopPropagation();
    const row = field.current!.closest("li")!;
    onDone(event.key === "Enter" ? field.current!.value : null);
    requestAnimationFrame(() => row.querySelector<HTMLElement>(".object-main")?.focus());
  };
  return (
    <span class="object-main">
      <ObjectPicture session={session} object={object} />
      <input
        ref={field}
        class="object-field"
        data-testid="object-name"
        aria-label={t("Name")}
        defaultValue={shownName(object)}
        maxLength={longestName}
        enterKeyHint="done"
        onKeyDown={finish}
        onBlur={(event) => onDone(event.currentTarget.value)}
      />
    </span>
  );
}
