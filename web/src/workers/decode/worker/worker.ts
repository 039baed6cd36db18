/** Runs in a worker: decodes photos and writes PNGs, both of which take seconds for a large photo. */
import { expose, transfer } from "comlink";
import { bands, cutOut } from "../../../engine/core/cutout";
import type { Rect } from "../../../engine/core/geometry";
import type { Cut } from "../../../postprocess/cut";
import { alphaOf, cutoutOf, type Alpha } from "../../shared/alpha";
import { failureCode } from "../../shared/failure";
import { PixelError, read, readWithRemark } from "./decode";
import { encodePng } from "../../../formats/png";
import type { Decoded, MaskedPhoto, PixelApi, PixelOutcome } from "../shared/protocol";

/** A canvas and a texture of this size work everywhere. */
const previewSide = 4096;
const previewPixels = 12_000_000;
/** Rows of about this many pixels are worked on at once. */
const bandPixels = 2_000_000;

const api: PixelApi = {
  decode: (blob) =>
    outcome(
      () => decode(blob),
      ({ preview, full }) => (full ? [preview, full] : [preview]),
    ),
  full: (blob) =>
    outcome(
      () => read(blob),
      (bitmap) => [bitmap],
    ),
  cutout: (photo, crop) => outcome(() => cutout(photo, crop)),
  mask: (photo) => outcome(() => maskPng(photo)),
};

expose(api);

async function outcome<T>(
  work: () => Promise<T>,
  handOver: (value: T) => Transferable[] = () => [],
): Promise<PixelOutcome<T>> {
  try {
    const value = await work();
    return transfer({ ok: true, value }, handOver(value));
  } catch (error) {
    return { ok: false, code: error instanceof PixelError ? error.code : failureCode(error) };
  }
}

async function decode(blob: Blob): Promise<Decoded> {
  const { bitmap, remark } = await readWithRemark(blob);
  const { width, height } = bitmap;
  const scale = Math.min(1, previewSide / Math.max(width, height), Math.sqrt(previewPixels / (width * height)));
  if (scale === 1) return { width, height, preview: bitmap, full: null, remark };
  const preview = await createImageBitmap(bitmap, {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
    resizeQuality: "medium",
  });
  return { width, height, preview, full: bitmap, remark };
}

async function cutout(photo: MaskedPhoto, crop: boolean): Promise<Blob> {
  const bitmap = await read(photo.blob);
  try {
    const cut = await cutoutOf(bitmap, photo);
    if (!cut.bounds) throw new PixelError("empty-mask");
    const rect: Rect = crop ? cut.bounds : { x: 0, y: 0, width: bitmap.width, height: bitmap.height };
    return await encodePng(rect, 4, cutoutBands(bitmap, rect, cut));
  } finally {
    bitmap.close();
  }
}

function* cutoutBands(bitmap: ImageBitmap, rect: Rect, cut: Cut): Generator<Uint8ClampedArray> {
  const parts = bands(rect, bandPixels);
  const context = new OffscreenCanvas(rect.width, parts[0]!.height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new PixelError("out-of-memory");
  // What is transparent in one band must not show the band before.
  context.globalCompositeOperation = "copy";
  for (const band of parts) {
    const { x, y, width, height } = band;
    context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    cutOut(data, cut.take(band, data));
    yield data;
  }
}

async function maskPng(photo: MaskedPhoto): Promise<Blob> {
  const bitmap = await read(photo.blob);
  try {
    const { width, height } = bitmap;
    const alpha = await alphaOf(bitmap, photo);
    return await encodePng({ width, height }, 1, greyBands(bands({ x: 0, y: 0, width, height }, bandPixels), alpha));
  } finally {
    bitmap.close();
  }
}

function* greyBands(parts: readonly Rect[], alpha: Alpha): Generator<Uint8Array> {
  for (const band of parts) yield alpha.read(band);
}
