/** Small pictures of whole photos, for the film strip. */
import type { Photo } from "../../state/photo";

/** Pixels on each side: twice the size it is shown at, for sharp screens. */
const side = 112;

/** The middle of the photo, as JPEG. Null: the browser could not make one. */
export async function photoThumbnail({ preview }: Photo): Promise<Blob | null> {
  const { width, height } = preview;
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d");
  if (!context) return null;
  const scale = side / Math.min(width, height);
  context.imageSmoothingQuality = "high";
  // JPEG has no transparency.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  // Drawn before anything is awaited: the photo may be closed meanwhile.
  context.drawImage(preview, (side - width * scale) / 2, (side - height * scale) / 2, width * scale, height * scale);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 }).catch(() => null);
}
