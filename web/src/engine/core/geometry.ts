/**
 * The three coordinate spaces and the ways between them.
 *
 * view (CSS pixels in the stage) ↔ image (pixels of the upright photo) → model (the square frame that the encoder
 * sees). Places in them are continuous: pixel `i` covers `[i, i + 1)`. Prompts name pixels instead: `toPixel` and
 * `centreOf` lead from one to the other. The brands exist only for the compiler.
 */

declare const space: unique symbol;

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Rect extends Point, Size {}

/** CSS pixels inside the stage canvas. */
export type ViewPoint = Point & { readonly [space]: "view" };
/** A place on the upright photo: the centre of its first pixel is (0.5, 0.5). */
export type ImagePoint = Point & { readonly [space]: "image" };
/**
 * A pixel of the upright photo by its column and row: the first is (0, 0). What points and corners of boxes in a prompt
 * are.
 */
export type PixelIndex = Point & { readonly [space]: "pixel" };
/** Pixels of the model frame, the photo at its top left. */
export type ModelPoint = Point & { readonly [space]: "model" };

export const viewPoint = (x: number, y: number): ViewPoint => ({ x, y }) as ViewPoint;
export const imagePoint = (x: number, y: number): ImagePoint => ({ x, y }) as ImagePoint;
export const pixelIndex = (x: number, y: number): PixelIndex => ({ x, y }) as PixelIndex;
export const modelPoint = (x: number, y: number): ModelPoint => ({ x, y }) as ModelPoint;

/** How a photo lies in the model frame: its size there, and model pixels per image pixel on each axis. */
export interface Letterbox {
  readonly newWidth: number;
  readonly newHeight: number;
  readonly scaleX: number;
  readonly scaleY: number;
}

/** Fits the photo's longer side to `inputSize`. Each side is rounded on its own, so the two scales differ a little. */
export function letterbox(width: number, height: number, inputSize: number): Letterbox {
  const scale = inputSize / Math.max(width, height);
  // A strip of 1 × 4000 would otherwise round to no pixels at all.
  const newWidth = Math.max(1, Math.floor(width * scale + 0.5));
  const newHeight = Math.max(1, Math.floor(height * scale + 0.5));
  return { newWidth, newHeight, scaleX: newWidth / width, scaleY: newHeight / height };
}

/** Where a pixel lies in the model frame. No half-pixel shift: SAM's prompt encoder adds its own. */
export const pixelToModel = (pixel: PixelIndex, box: Letterbox): ModelPoint =>
  modelPoint(pixel.x * box.scaleX, pixel.y * box.scaleY);

export const modelToPixel = (point: ModelPoint, box: Letterbox): PixelIndex =>
  pixelIndex(point.x / box.scaleX, point.y / box.scaleY);

/** What the stage shows: `css = image × scale + (x, y)`. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const imageToView = (point: ImagePoint, view: View): ViewPoint =>
  viewPoint(point.x * view.scale + view.x, point.y * view.scale + view.y);

export const viewToImage = (point: ViewPoint, view: View): ImagePoint =>
  imagePoint((point.x - view.x) / view.scale, (point.y - view.y) / view.scale);

/**
 * The pixel a tap means: its index, held inside the photo.
 * The hair's breadth keeps a tap computed as `pixel × scale + offset` from falling into the pixel before by rounding.
 */
export function toPixel(point: Point & { readonly [space]?: "image" }, photo: Size): PixelIndex {
  return pixelIndex(
    clamp(Math.floor(point.x + 1e-3), 0, photo.width - 1),
    clamp(Math.floor(point.y + 1e-3), 0, photo.height - 1),
  );
}

export const isInside = (point: ImagePoint, photo: Size): boolean =>
  point.x >= 0 && point.y >= 0 && point.x < photo.width && point.y < photo.height;

/** The view that shows the whole photo in the middle of a stage, `margin` CSS pixels from its edges. */
export function fitView(photo: Size, stage: Size, margin = 0): View {
  const room = { width: Math.max(1, stage.width - 2 * margin), height: Math.max(1, stage.height - 2 * margin) };
  const scale = Math.min(room.width / photo.width, room.height / photo.height);
  return { scale, x: (stage.width - photo.width * scale) / 2, y: (stage.height - photo.height * scale) / 2 };
}

/** Zooms to `scale` so that the image point under `anchor` stays where it is. */
export function zoomTo(view: View, anchor: ViewPoint, scale: number): View {
  const factor = scale / view.scale;
  return { scale, x: anchor.x - (anchor.x - view.x) * factor, y: anchor.y - (anchor.y - view.y) * factor };
}

export const panBy = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy });

/**
 * The middle of a pixel, or of the pixel that a point of a prompt names: where it is drawn, and where it is looked up.
 */
export const centreOf = ({ x, y }: Point & { readonly [space]?: "pixel" }): ImagePoint => imagePoint(x + 0.5, y + 0.5);

/** The box spanned by two corners in any order. */
export const boxFrom = (a: PixelIndex, b: PixelIndex): { x1: number; y1: number; x2: number; y2: number } => ({
  x1: Math.min(a.x, b.x),
  y1: Math.min(a.y, b.y),
  x2: Math.max(a.x, b.x),
  y2: Math.max(a.y, b.y),
});

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
