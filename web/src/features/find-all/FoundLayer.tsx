/** All masks that were found, in colours over the photo; the one that is pointed at stands out. */
import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { View } from "../../engine/core/geometry";
import type { Everything, Thing } from "./everything";
import { manyColours } from "../../state/palette";
import type { Viewport } from "../../state/viewport";

export function FoundLayer({ everything, viewport }: { everything: Everything; viewport: Viewport }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const { width, height } = viewport.size.value;
    const ratio = globalThis.devicePixelRatio || 1;
    context.canvas.width = Math.round(width * ratio);
    context.canvas.height = Math.round(height * ratio);
    paint(context, viewport.view.value, ratio, everything.offered.value, everything.pointed.value);
  });
  return <canvas ref={canvas} class="found-layer" data-testid="found-layer" aria-hidden="true" />;
}

/** The largest first, so that what lies inside another stays visible. */
function paint(
  context: CanvasRenderingContext2D,
  { scale, x, y }: View,
  ratio: number,
  things: readonly Thing[],
  pointed: Thing | null,
): void {
  context.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
  context.lineJoin = "round";
  const others = things.filter((thing) => thing !== pointed).toSorted((a, b) => b.share - a.share);
  for (const { outline, number } of others) {
    context.fillStyle = context.strokeStyle = manyColours(number);
    context.globalAlpha = pointed ? 0.28 : 0.45;
    context.fill(outline.path, "evenodd");
    context.globalAlpha = pointed ? 0.6 : 1;
    context.lineWidth = 1.5 / scale;
    context.stroke(outline.path);
  }
  if (!pointed) return;
  context.globalAlpha = 0.6;
  context.fillStyle = manyColours(pointed.number);
  context.fill(pointed.outline.path, "evenodd");
  context.globalAlpha = 1;
  for (const [width, style] of [
    [5, "rgb(0 0 0 / 0.6)"],
    [2.5, "#fff"],
  ] as const) {
    context.lineWidth = width / scale;
    context.strokeStyle = style;
    context.stroke(pointed.outline.path);
  }
}
