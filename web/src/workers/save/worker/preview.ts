/** A small picture of a file before it is made. */
import type { Rect } from "../../../engine/core/geometry";
import { rgbOf } from "../../../formats/background";
import { layer } from "./behind";
import type { Job } from "../shared/protocol";
import { contextOf, type Source } from "./source";

export async function preview(source: Source, job: Job, side: number): Promise<ImageBitmap> {
  if (job.kind === "picture") return picturePreview(source, job, side);
  const layers = job.kind === "mask" ? [{ ...job.selection, colour: "#ffffff" }] : job.objects;
  let pixels: ImageData | null = null;
  for (const { colour, ...selection } of layers) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other: each reads the whole photo
    const small = await source.smallMask(selection, side);
    pixels ??= new ImageData(small.width, small.height);
    paint(pixels.data, small.alpha, rgbOf(colour), job.kind === "mask");
  }
  return createImageBitmap(pixels!);
}

async function picturePreview(
  source: Source,
  { selection, crop, behind }: Job & { kind: "picture" },
  side: number,
): Promise<ImageBitmap> {
  const rect = await source.frame(selection, crop);
  const { width, height, colours, alpha } = await source.small(selection, rect, side);
  const scale = width / rect.width;
  const frame: Rect = { x: rect.x * scale, y: rect.y * scale, width, height };
  const data = colours.slice();
  (await layer(source, selection, behind, frame, scale))(data, alpha, frame);
  const context = contextOf({ width, height });
  context.putImageData(new ImageData(data, width), 0, 0);
  return createImageBitmap(context.canvas);
}

/** One colour wherever the object is; a mask is black elsewhere. */
function paint(out: Uint8ClampedArray, alpha: Uint8Array, colour: readonly number[], grey: boolean): void {
  for (let i = 0; i < alpha.length; i++) {
    if (grey) out.set([alpha[i]!, alpha[i]!, alpha[i]!, 255], 4 * i);
    else if (alpha[i]! >= 64) out.set([...colour, Math.max(alpha[i]!, out[4 * i + 3]!)], 4 * i);
  }
}
