/** Puts the photo's pixels in front of what is behind them, or on nothing. */
import { cutOut } from "../../../engine/core/cutout";
import type { Rect } from "../../../engine/core/geometry";
import { blend, cover, readBackground, rgbOf } from "../../../formats/background";
import type { Behind, Selection } from "../shared/protocol";
import { contextOf, type Source } from "./source";

/**
 * Lays the pixels of one part of the photo over its background, in place. `scale` says how much smaller they are than the
 * photo's own: 1 for what is saved, less for previews.
 */
export type Lay = (rgba: Uint8ClampedArray, alpha: Uint8Array, part: Rect) => void;

/** @param frame What of the photo is saved: other pictures cover just that. */
export async function layer(
  source: Source,
  selection: Selection,
  behind: Behind,
  frame: Rect,
  scale = 1,
): Promise<Lay> {
  const { backdrop } = source;
  if (behind.kind === "colour") {
    const colour = rgbOf(behind.colour);
    return (rgba, alpha) => blend(rgba, alpha, (_, channel) => colour[channel]!);
  }
  if (behind.kind === "blur") {
    const background = await source.blurred(selection, behind.amount);
    const photo = { width: source.rect.width * scale, height: source.rect.height * scale };
    return (rgba, alpha, part) => over(rgba, alpha, readBackground(background, photo, part));
  }
  if (behind.kind === "photo" && backdrop) {
    const place = cover(backdrop, frame);
    return (rgba, alpha, part) =>
      over(rgba, alpha, picturePart(backdrop, { ...place, x: place.x + frame.x, y: place.y + frame.y }, part));
  }
  return cutOut;
}

const over = (rgba: Uint8ClampedArray, alpha: Uint8Array, background: Uint8ClampedArray): void =>
  blend(rgba, alpha, (pixel, channel) => background[4 * pixel + channel]!);

/**
 * Pixels of `part`, where a picture is stretched over `place`. It is drawn as a whole and clipped, so that no seam
 * shows.
 */
function picturePart(picture: ImageBitmap, place: Rect, part: Rect): Uint8ClampedArray {
  const context = contextOf(part);
  context.imageSmoothingQuality = "high";
  context.fillRect(0, 0, part.width, part.height);
  context.drawImage(picture, place.x - part.x, place.y - part.y, place.width, place.height);
  return context.getImageData(0, 0, part.width, part.height).data;
}
