/** The objects of the photo, the front one on top; rows can be dragged. */
import { SquarePlus } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Objects } from "./objects";
import type { Session } from "../../state/session";
import { ActionButton } from "../../components/ActionButton";
import type { Action } from "../../state/action";
import { ObjectRow } from "./ObjectRow";
import { t } from "../../i18n/translate";

interface Props {
  session: Session;
  objects: Objects;
  newObject: Action;
  onSelected?(): void;
}

/** A row that is dragged, and how many of the others are above the pointer. */
interface Drag {
  readonly id: number;
  readonly above: number;
}

export function ObjectList({ session, objects, newObject, onSelected = () => undefined }: Props) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const list = useRef<HTMLOListElement>(null);
  useKeptFocus(list, session);
  const rows = session.objects.value.toReversed();
  const from = drag ? rows.findIndex(({ id }) => id === drag.id) : -1;

  const follow = (id: number, event: PointerEvent): void => {
    const grip = event.currentTarget as HTMLElement;
    const end = new AbortController();
    const others = [...list.current!.querySelectorAll<HTMLElement>("li")].filter(
      (row) => row.dataset.id !== String(id),
    );
    // Places do not change while the row is dragged; scrolling while dragging is not offered.
    const middles = others.map((row) => row.getBoundingClientRect()).map(({ top, height }) => top + height / 2);
    const aboveAt = ({ clientY }: PointerEvent): number => middles.filter((middle) => middle < clientY).length;
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener("pointermove", (move) => setDrag({ id, above: aboveAt(move) }), { signal: end.signal });
    for (const type of ["pointerup", "pointercancel"] as const)
      grip.addEventListener(
        type,
        (last) => {
          end.abort();
          setDrag(null);
          const start = session.objects
            .peek()
            .toReversed()
            .findIndex((object) => object.id === id);
          if (type === "pointerup") objects.move(id, aboveAt(last) - start);
        },
        { signal: end.signal },
      );
  };

  return (
    <>
      <ol class="object-list" aria-label={t("Objects, front to back")} ref={list}>
        {rows.map((object, index) => (
          <ObjectRow
            key={object.id}
            session={session}
            objects={objects}
            object={object}
            active={object.id === session.active.value.id}
            drop={drag ? dropAt(index, from, drag.above) : null}
            onGrip={(event) => follow(object.id, event)}
            onSelected={onSelected}
          />
        ))}
      </ol>
      <ActionButton action={newObject} icon={SquarePlus} text testId="add-object" onDone={onSelected} />
    </>
  );
}

/** Which edge of row `index` shows where the row from `from` would go. */
function dropAt(index: number, from: number, above: number): "above" | "below" | null {
  if (index === from || above === from) return null;
  if (index !== above) return null;
  return above < from ? "above" : "below";
}

/** When the row that has the focus is deleted, the active one gets it, or else the photo. */
function useKeptFocus(list: { current: HTMLOListElement | null }, session: Session): void {
  const had = useRef(false);
  const rows = session.objects.value;
  useEffect(() => {
    const element = list.current!;
    const note = () => (had.current = element.contains(document.activeElement));
    document.addEventListener("focusin", note);
    return () => {
      document.removeEventListener("focusin", note);
      if (!had.current) return;
      // The list goes with the last but one object.
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) document.querySelector<HTMLElement>(".stage-photo")?.focus();
      });
    };
  }, [list]);
  useEffect(() => {
    if (had.current && document.activeElement === document.body)
      list.current?.querySelector<HTMLElement>("[data-active=true] .object-main")?.focus();
  }, [list, rows]);
}
