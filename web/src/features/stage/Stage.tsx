/** The photo, filling the window; it takes taps, boxes, drags and pinches, and draws the answer. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { centreOf, imagePoint, imageToView } from "../../engine/core/geometry";
import { colourOf } from "../../state/palette";
import type { Prompting } from "../../state/prompting";
import type { Session } from "../../state/session";
import { BrushCursor } from "./BrushCursor";
import { Crosshair, Marker } from "./Marker";
import { BoxHandle, PointMenu, TightenHandle } from "./PointMenu";
import { paintInk, paintPhoto, type InkLayer } from "./paint";
import { usePointers } from "./usePointers";
import { useFade } from "./useFade";
import { useMarch } from "./useMarch";
import type { Viewport } from "../../state/viewport";
import { t } from "../../i18n/translate";

interface Props {
  session: Session;
  viewport: Viewport;
  prompting: Prompting;
  /** Which controls lie over it, as the classes that the style sheets make room for: another value is measured anew. */
  controls: string;
}

export function Stage({ session, viewport, prompting, controls }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const photo = useRef<HTMLCanvasElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  useSize(frame, viewport, controls);
  usePointers(photo, prompting, viewport);
  const march = useMarch(session);
  const before = useFade(session, [photo, ink]);

  useSignalEffect(() => {
    const context = prepare(photo.current, viewport);
    const { preview, width, height } = session.photo;
    const masks = session.found.value
      .filter(({ object }) => !object.hidden)
      .map(({ object, outline }) => ({ outline, feather: object.finish.feather }));
    if (context) paintPhoto(context, viewport.view.value, ratio(), { bitmap: preview, width, height, masks });
  });
  useSignalEffect(() => {
    const context = prepare(ink.current, viewport);
    const box = prompting.rubberBand.value ?? prompting.step.value?.box ?? null;
    if (context)
      paintInk(context, viewport.view.value, ratio(), {
        ...inkOf(session),
        box,
        line: prompting.drawing.line.value,
        march: march.value,
      });
  });

  const view = viewport.view.value;
  const step = prompting.step.value;
  const selected = prompting.selected.value;
  const point = selected === null ? undefined : step?.points[selected];
  const cursor = prompting.cursor.value;
  return (
    <div class="stage" ref={frame}>
      <canvas
        ref={photo}
        class="stage-photo"
        data-testid="stage"
        data-tool={prompting.drawing.tool.value}
        data-view={JSON.stringify(view)}
        data-near={session.near.value}
        tabIndex={0}
        role="application"
        aria-label={t("Photo {name}", { name: session.photo.name })}
        aria-describedby="stage-keys"
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && prompting.moveCursor(0, 0)}
        onBlur={() => (prompting.cursor.value = null)}
      />
      <canvas ref={ink} class="stage-ink" aria-hidden="true" />
      <canvas ref={before} class="stage-before" width={0} height={0} aria-hidden="true" />
      <p id="stage-keys" class="visually-hidden">
        {t(
          "Arrow keys move the cursor. Enter adds a point of the object, Shift and Enter one that is not part of it. X marks a corner of a box, and again the opposite one. Backspace removes the last point. With the brush, Enter paints a dot.",
        )}
      </p>
      {!session.encoded.value && <Sweep session={session} viewport={viewport} />}
      <ol class="markers" aria-label={t("Points")}>
        {step?.points.map((item, index) => (
          <Marker
            key={index}
            number={index + 1}
            label={item.label}
            at={imageToView(centreOf(item), view)}
            selected={index === selected}
            onSelect={() => (prompting.selected.value = index === selected ? null : index)}
            onRemove={() => prompting.remove(index)}
            onMove={(dx, dy) => prompting.nudge(index, dx, dy)}
          />
        ))}
      </ol>
      <BrushCursor prompting={prompting} viewport={viewport} />
      {cursor && <Crosshair at={imageToView(cursor, view)} />}
      {step?.box && !prompting.rubberBand.value && (
        <BoxHandle
          at={imageToView(imagePoint(step.box.x2, step.box.y1), view)}
          onRemove={() => prompting.removeBox()}
        />
      )}
      {step?.box && !prompting.rubberBand.value && session.answer.value && (
        <TightenHandle
          at={imageToView(imagePoint(step.box.x1, step.box.y1), view)}
          onTighten={() => prompting.tighten()}
        />
      )}
      {point && selected !== null && (
        <PointMenu
          label={point.label}
          at={imageToView(centreOf(point), view)}
          within={viewport.size.value}
          onFlip={() => prompting.flip(selected)}
          onRemove={() => prompting.remove(selected)}
        />
      )}
    </div>
  );
}

function inkOf(session: Session): Omit<InkLayer, "box" | "line" | "march"> {
  const { id, colour } = session.active.value;
  const visible = session.found.value
    .filter(({ object }) => !object.hidden)
    .map(({ object, outline }) => ({ id: object.id, outline, colour: colourOf(object.colour) }));
  const hover = session.hover.value;
  return {
    active: visible.find((item) => item.id === id) ?? null,
    others: visible.filter((item) => item.id !== id),
    pointedAt: visible.find((item) => item.id === session.pointedAt.value) ?? null,
    preview: hover && { outline: hover, colour: colourOf(colour) },
  };
}

/** A soft light over the photo while the model reads it. */
function Sweep({ session, viewport }: Pick<Props, "session" | "viewport">) {
  const { scale, x, y } = viewport.view.value;
  const { width, height } = session.photo;
  return (
    <div
      class="sweep"
      style={{ left: `${x}px`, top: `${y}px`, width: `${width * scale}px`, height: `${height * scale}px` }}
    />
  );
}

/**
 * The stage fills the window; its CSS padding says where controls lie over it.
 *
 * Measured at once when controls come or go: an observer hears of it after a frame in which they cover the photo, and
 * a tap in that frame would land on them.
 */
function useSize(frame: { current: HTMLDivElement | null }, viewport: Viewport, controls: string): void {
  useLayoutEffect(() => measure(frame.current!, viewport), [viewport, controls]);
  useEffect(() => {
    const observer = new ResizeObserver(() => measure(frame.current!, viewport));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, [viewport]);
}

function measure(element: HTMLDivElement, viewport: Viewport): void {
  const style = getComputedStyle(element);
  const [top, right, bottom, left] = [style.paddingTop, style.paddingRight, style.paddingBottom, style.paddingLeft].map(
    parseFloat,
  ) as [number, number, number, number];
  viewport.resize({ width: element.clientWidth, height: element.clientHeight }, { top, right, bottom, left });
}

/** Makes the canvas as sharp as the screen, whose ratio changes with the browser's zoom. */
function prepare(canvas: HTMLCanvasElement | null, viewport: Viewport): CanvasRenderingContext2D | null {
  if (!canvas) return null;
  const width = Math.round(viewport.size.value.width * ratio());
  const height = Math.round(viewport.size.value.height * ratio());
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return canvas.getContext("2d");
}

const ratio = (): number => globalThis.devicePixelRatio || 1;
