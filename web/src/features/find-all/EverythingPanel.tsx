/** How far the search for all objects is, and what it found: a list of pictures beside what is drawn on the photo. */
import { Check, CheckCheck, X } from "lucide-preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Everything, Search, Thing } from "./everything";
import { manyColours } from "../../state/palette";
import type { Session } from "../../state/session";
import { percent } from "../../state/status";
import { IconButton } from "../../components/IconButton";
import { shortcutOf, type Action } from "../../state/action";
import { around, useThumbnail } from "../../components/thumbnail";
import { counted, t } from "../../i18n/translate";

interface Props {
  session: Session;
  everything: Everything;
  leave: Action;
}

export function EverythingPanel({ session, everything, leave }: Props) {
  const search = everything.search.value;
  return (
    <section class="panel result everything" aria-label={t("All objects")} data-testid="everything">
      <p class="visually-hidden" role="status">
        {everything.said.value}
      </p>
      {search.state === "searching" && (
        <Searching part={search.part} hint={shortcutOf(leave)} onCancel={() => everything.stop()} />
      )}
      {search.state === "found" && <Offers session={session} everything={everything} leave={leave} search={search} />}
    </section>
  );
}

function Searching({ part, hint, onCancel }: { part: number; hint?: string; onCancel(): void }) {
  return (
    <>
      <label class="everything-progress">
        {t("Finding all objects")}
        <progress max={1} value={part} data-testid="everything-progress" />
      </label>
      <IconButton
        icon={X}
        text={t("Cancel")}
        label={t("Cancel")}
        hint={hint}
        testId="everything-cancel"
        onClick={onCancel}
      />
    </>
  );
}

function Offers({ session, everything, leave, search }: Props & { search: Extract<Search, { state: "found" }> }) {
  const things = everything.offered.value;
  const kept = everything.keptSome.value;
  return (
    <>
      <p class="everything-words" data-testid="everything-count" data-count={search.things.length}>
        {!search.things.length && t("Nothing was found. Tap an object instead.")}
        {search.things.length > 0 && (
          <strong>{counted(search.things.length, "1 object found", "{count} objects found")}</strong>
        )}
        {search.things.length > 0 && <span>{t("Tap one to keep it.")}</span>}
      </p>
      <div class="everything-buttons">
        {things.length > 0 && (
          <IconButton
            icon={CheckCheck}
            text={t("Keep all")}
            label={t("Keep all")}
            testId="keep-all"
            onClick={() => everything.keepAll()}
          />
        )}
        <IconButton
          kind={kept ? "primary" : "plain"}
          icon={kept ? Check : X}
          text={kept ? t("Done") : t("Cancel")}
          label={kept ? t("Done") : t("Cancel")}
          hint={shortcutOf(leave)}
          testId="everything-done"
          onClick={() => everything.close()}
        />
      </div>
      {things.length > 0 && <List session={session} everything={everything} things={things} />}
    </>
  );
}

/** One stop for the Tab key; arrows go through it. */
function List({ session, everything, things }: Omit<Props, "leave"> & { things: readonly Thing[] }) {
  const list = useRef<HTMLUListElement>(null);
  const pointed = everything.pointed.value;
  const stop = pointed && things.includes(pointed) ? pointed : things[0];
  const buttons = (): HTMLButtonElement[] => [...list.current!.querySelectorAll("button")];
  /** Where the focus goes on: the button that has it goes with the mask that is kept. */
  const next = useRef(everything.byKeyboard ? 0 : -1);
  useEffect(() => {
    if (next.current >= 0) buttons()[Math.min(next.current, things.length - 1)]?.focus({ preventScroll: true });
    next.current = -1;
  }, [things]);
  useEffect(() => {
    const at = pointed ? things.indexOf(pointed) : -1;
    if (at >= 0) buttons()[at]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pointed, things]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const from = buttons().indexOf(event.target as HTMLButtonElement);
    const last = things.length - 1;
    const places: Record<string, number> = {
      ArrowRight: from + 1,
      ArrowDown: from + 1,
      ArrowLeft: from - 1,
      ArrowUp: from - 1,
      Home: 0,
      End: last,
    };
    const to = places[event.key];
    if (from < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    buttons()[Math.min(Math.max(to, 0), last)]?.focus();
  };
  return (
    <ul
      class="found-list"
      aria-label={t("Objects that were found")}
      ref={list}
      onKeyDown={onKeyDown}
      onPointerLeave={() => (everything.pointed.value = null)}
    >
      {things.map((thing, index) => (
        <li key={thing.number}>
          <button
            type="button"
            class="found"
            data-testid={`found-${thing.number}`}
            tabIndex={thing === stop ? 0 : -1}
            aria-label={t("Keep mask {number}: {share} of the photo, score {score}", {
              number: thing.number,
              share: percent(thing.share),
              score: percent(thing.score),
            })}
            data-pointed={thing === pointed}
            onFocus={() => (everything.pointed.value = thing)}
            onPointerEnter={(event) => event.pointerType === "mouse" && (everything.pointed.value = thing)}
            onClick={({ detail }) => {
              next.current = detail ? -1 : index; // no click of a pointer: a key was pressed
              everything.keep(thing);
            }}
          >
            <Picture session={session} thing={thing} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Twice the size it is shown at, for sharp screens. */
const side = 88;

function Picture({ session, thing }: { session: Session; thing: Thing }) {
  const { preview: bitmap, width, height } = session.photo;
  const { outline, number } = thing;
  const photo = { width, height };
  const canvas = useThumbnail(
    () => ({ side, bitmap, photo, rect: around([outline], photo), outline }),
    [outline, bitmap],
  );
  const frame = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => frame.current!.style.setProperty("--object", manyColours(number)), [number]);
  return (
    <span ref={frame} class="found-picture" aria-hidden="true">
      <canvas ref={canvas} width={side} height={side} />
    </span>
  );
}
