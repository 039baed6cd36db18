/**
 * Where the objects are: in a panel beside the photo, or on a phone in a strip at the thumb with a sheet for everything
 * else.
 */
import { ListTree, SquarePlus, X } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import type { Objects } from "./objects";
import { isWide } from "../../state/screen";
import type { Session } from "../../state/session";
import { ActionButton } from "../../components/ActionButton";
import { IconButton } from "../../components/IconButton";
import type { Action } from "../../state/action";
import { ObjectList } from "./ObjectList";
import { ObjectPicture } from "./ObjectPicture";
import { t } from "../../i18n/translate";
import { shownName } from "../../i18n/names";

interface Props {
  session: Session;
  objects: Objects;
  newObject: Action;
}

export function ObjectPanel({ session, objects, newObject }: Props) {
  return (
    <>
      <p class="visually-hidden" role="status">
        {objects.said.value}
      </p>
      {objects.listed.value &&
        (isWide.value ? (
          <Panel session={session} objects={objects} newObject={newObject} />
        ) : (
          <Strip session={session} objects={objects} newObject={newObject} />
        ))}
    </>
  );
}

const Panel = ({ session, objects, newObject }: Props) => (
  <section class="panel objects" aria-label={t("Objects")} data-testid="objects">
    <ObjectList session={session} objects={objects} newObject={newObject} />
  </section>
);

function Strip({ session, objects, newObject }: Props) {
  return (
    <>
      <section class="panel objects objects-strip" aria-label={t("Objects")} data-testid="objects">
        <ol class="object-chips">
          {session.objects.value.toReversed().map((object) => (
            <li key={object.id}>
              <button
                type="button"
                class="object-chip"
                data-testid={`object-${object.id}`}
                aria-pressed={object.id === session.active.value.id}
                aria-label={
                  object.id === session.active.value.id
                    ? t("{name}, being edited", { name: shownName(object) })
                    : t("Edit {name}", { name: shownName(object) })
                }
                onClick={() => objects.select(object.id)}
              >
                <ObjectPicture session={session} object={object} />
              </button>
            </li>
          ))}
        </ol>
        <ActionButton action={newObject} icon={SquarePlus} testId="add-object" />
        <IconButton
          icon={ListTree}
          label={t("All about the objects")}
          testId="objects-sheet"
          onClick={() => (objects.sheet.value = true)}
        />
      </section>
      {objects.sheet.value && <Sheet session={session} objects={objects} newObject={newObject} />}
    </>
  );
}

function Sheet({ session, objects, newObject }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  const close = (): void => dialog.current!.close();
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-label={t("Objects")}
      onClose={() => (objects.sheet.value = false)}
      // A tap beside it lands on the dialog itself.
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="sheet-inside">
        <header class="sheet-header">
          <h2>{t("Objects")}</h2>
          <IconButton icon={X} label={t("Close")} onClick={close} />
        </header>
        <ObjectList session={session} objects={objects} newObject={newObject} />
      </div>
    </dialog>
  );
}
