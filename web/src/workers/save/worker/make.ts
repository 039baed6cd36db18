/** Makes one file at the photo's own resolution, band by band. */
import { cocoOf } from "../../../formats/coco";
import type { Rect } from "../../../engine/core/geometry";
import { outlinesOf, type Polygon } from "../../../formats/polygon";
import { RunCounter } from "../../../formats/rle";
import { svgOf } from "../../../formats/svg";
import { encodePng } from "../../../formats/png";
import { layer } from "./behind";
import type { Job, PictureFormat, Selection } from "../shared/protocol";
import { bandsOf, stripsOf } from "./bands";
import { contextOf, OutputError, type Source } from "./source";

/** The longest side that a format can write down. */
const longestSide: Record<Exclude<PictureFormat, "png">, number> = { jpeg: 65535, webp: 16383 };

export async function make(source: Source, job: Job): Promise<Blob> {
  switch (job.kind) {
    case "picture":
      return picture(source, job);
    case "mask":
      return mask(source, job.selection);
    case "svg": {
      const shapes = await inTurn(job.objects, async (object) => ({
        name: object.name,
        colour: object.colour,
        polygons: await polygons(source, object),
      }));
      return new Blob([svgOf(source.photo, job.title, shapes)], { type: "image/svg+xml" });
    }
    case "coco": {
      const { width, height } = source.photo;
      const objects = await inTurn(job.objects, async (object) => ({
        name: object.name,
        runs: await runs(source, object),
        polygons: await polygons(source, object),
      }));
      return new Blob([cocoOf({ width, height, file: job.file }, objects)], { type: "application/json" });
    }
  }
}

async function picture(
  source: Source,
  { selection, crop, behind, format, quality }: Job & { kind: "picture" },
): Promise<Blob> {
  const rect = await source.frame(selection, crop);
  if (format !== "png" && Math.max(rect.width, rect.height) > longestSide[format])
    throw new OutputError("too-large-for-format");
  const cut = await source.cut(selection);
  const lay = await layer(source, selection, behind, rect);
  const rows = pixels(source.photo, rect, (data, band) => lay(data, cut.take(band, data), band));
  if (format === "png")
    return behind.kind === "none" ? encodePng(rect, 4, rows) : encodePng(rect, 3, withoutAlpha(rows));
  return encodeByCanvas(rect, rows, format, quality);
}

/** The browser's own encoders want a canvas of the whole picture. */
async function encodeByCanvas(
  rect: Rect,
  rows: Iterable<Uint8ClampedArray<ArrayBuffer>>,
  format: "jpeg" | "webp",
  quality: number,
): Promise<Blob> {
  const type = `image/${format}`;
  let blob: Blob;
  try {
    const context = contextOf(rect);
    let y = 0;
    for (const data of rows) {
      const image = new ImageData(data, rect.width);
      context.putImageData(image, 0, y);
      y += image.height;
    }
    blob = await context.canvas.convertToBlob({ type, quality });
  } catch {
    throw new OutputError("too-large-for-format");
  }
  // A browser that cannot write a format writes PNG.
  if (blob.type !== type) throw new OutputError("unsupported-format");
  return blob;
}

async function mask(source: Source, selection: Selection): Promise<Blob> {
  const alpha = await source.alpha(selection);
  return encodePng(source.rect, 1, map(bandsOf(source.rect), alpha.read));
}

async function runs(source: Source, selection: Selection): Promise<number[]> {
  const alpha = await source.alpha(selection);
  const counter = new RunCounter();
  for (const strip of stripsOf(source.rect)) counter.add(alpha.read(strip), strip.width);
  return counter.finish();
}

/** Only the part that holds the object is read: one byte for each of its pixels. */
async function polygons(source: Source, selection: Selection): Promise<Polygon[]> {
  const { bounds, read } = await source.alpha(selection);
  if (!bounds) throw new OutputError("empty-mask");
  return outlinesOf(read(bounds), bounds);
}

/** The photo's pixels in bands, each after something was done to it. */
function* pixels(
  photo: ImageBitmap,
  rect: Rect,
  change: (data: Uint8ClampedArray, band: Rect) => void,
): Generator<Uint8ClampedArray<ArrayBuffer>> {
  const parts = bandsOf(rect);
  const context = contextOf(parts[0]!);
  // What is transparent in one band must not show the band before.
  context.globalCompositeOperation = "copy";
  for (const band of parts) {
    const { x, y, width, height } = band;
    context.drawImage(photo, x, y, width, height, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    change(data, band);
    yield data;
  }
}

function* withoutAlpha(rows: Iterable<Uint8ClampedArray>): Generator<Uint8Array> {
  for (const rgba of rows) {
    const rgb = new Uint8Array((rgba.length / 4) * 3);
    for (let i = 0, o = 0; i < rgba.length; i += 4) for (let c = 0; c < 3; c++) rgb[o++] = rgba[i + c]!;
    yield rgb;
  }
}

function* map<T, U>(items: Iterable<T>, change: (item: T) => U): Generator<U> {
  for (const item of items) yield change(item);
}

/** One after the other: each may need a byte for every pixel. */
async function inTurn<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const out: U[] = [];
  // oxlint-disable-next-line no-await-in-loop -- that is the point
  for (const item of items) out.push(await work(item));
  return out;
}
