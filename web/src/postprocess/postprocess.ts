/**
 * What is done to the model's answer before it is drawn and saved: islands and holes, smoothness, size, edges that
 * follow the photo.
 *
 * The answer becomes a field of signed distances on a grid much finer than the model's and much coarser than a large
 * photo's; edges are then found at whatever resolution it is read, from the brightness of the photo there. The page
 * reads it as large as the screen, saving as large as the photo: the same field, so the same outline.
 */
import { blur } from "./blur";
import { axis, Bilinear } from "../engine/core/bilinear";
import { cellSize } from "../engine/core/grid";
import { centreOf, type Point, type Rect, type Size } from "../engine/core/geometry";
import { guidedLines, type Lines } from "./guided";
import { rectOf } from "../engine/core/lookAgain";
import { sampleLogits, wholePhoto } from "../engine/core/mask";
import { connectedParts, fillHoles, keepParts, signedDistance, turnCrumbs } from "./morphology";
import type { LowResMask } from "../engine/core/prompt";

export interface Postprocessing {
  /** Which parts of an answer in pieces stay: all, all but specks, or those that were tapped. */
  readonly parts: "all" | "large" | "tapped";
  readonly holes: "keep" | "small" | "fill";
  /** How far wobbles are evened out, in thousandths of the longer side of what the model saw: the photo, or a region of it. */
  readonly smooth: number;
  /** Edges follow the photo's. */
  readonly edges: boolean;
  /** Cut-outs are as soft along the outline as the photo is there, and keep nothing of the old background's colour. Masks stay hard. */
  readonly soft: boolean;
  /** Image pixels that the outline moves outwards; negative: inwards. */
  readonly grow: number;
  /** Image pixels over which the edge goes from transparent to opaque. */
  readonly feather: number;
}

/** The model's answer as it is. */
export const noPostprocessing: Postprocessing = {
  parts: "all",
  holes: "keep",
  smooth: 0,
  edges: false,
  soft: false,
  grow: 0,
  feather: 0,
};

export const defaultPostprocessing: Postprocessing = {
  parts: "large",
  holes: "small",
  smooth: 4,
  edges: true,
  soft: true,
  grow: 0,
  feather: 0,
};

const choices = { parts: ["all", "large", "tapped"], holes: ["keep", "small", "fill"] } as const;

/** Settings as they were stored: those of before there were soft edges do not say whether they have any. */
export type StoredPostprocessing = Omit<Postprocessing, "soft"> & Partial<Pick<Postprocessing, "soft">>;

/** What was stored without soft edges looks as it did. */
export const completePostprocessing = (stored: StoredPostprocessing): Postprocessing => ({
  ...stored,
  soft: stored.soft ?? false,
});

/** Tells stored settings from something else. */
export function isPostprocessing(value: unknown): value is StoredPostprocessing {
  if (typeof value !== "object" || value === null) return false;
  const { parts, holes, smooth, edges, soft, grow, feather } = value as Record<keyof Postprocessing, never>;
  return (
    choices.parts.includes(parts) &&
    choices.holes.includes(holes) &&
    [smooth, grow, feather].every(Number.isFinite) &&
    typeof edges === "boolean" &&
    (soft === undefined || typeof soft === "boolean")
  );
}

export const samePostprocessing = (a: Postprocessing, b: Postprocessing): boolean =>
  (Object.keys(noPostprocessing) as (keyof Postprocessing)[]).every((key) => a[key] === b[key]);

/** Do the settings leave the outline where it was? Softness does. */
export const keepsOutline = (settings: Postprocessing): boolean =>
  samePostprocessing({ ...settings, feather: 0, soft: noPostprocessing.soft }, noPostprocessing);

/** An edge that somebody moved or feathered is not looked for in the photo. */
export const isSoft = ({ soft, grow, feather }: Postprocessing): boolean => soft && grow === 0 && feather === 0;

/** The brightness of a photo, 0 to 1, on a grid over all of it: `guideSize` says which. */
export type Guide = Float32Array;

/** Samples along the longer side of the grid that answers are post-processed on. */
const longSide = 640;

export function guideSize({ width, height }: Size): Size {
  const scale = Math.min(1, longSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Brightness (Rec. 601) of RGBA pixels, 0 to 1. */
export function brightness(rgba: Uint8ClampedArray): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rgba.length / 4);
  for (let i = 0, o = 0; o < out.length; i += 4)
    out[o++] = (0.299 * rgba[i]! + 0.587 * rgba[i + 1]! + 0.114 * rgba[i + 2]!) / 255;
  return out;
}

/**
 * Signed distances from the outline (image pixels, positive inside), sampled over a part of the photo; everything
 * beyond is outside.
 */
export interface Field extends Size {
  /** Image pixels. */
  readonly rect: Rect;
  readonly distance: Float32Array<ArrayBuffer>;
  /** How edges follow the photo; null: they do not. */
  readonly lines: Lines | null;
  /** How far from the outline they may look for the photo's edge, in image pixels. */
  readonly reach: number;
}

/** Chosen by measuring against the ground truth of the sample photos. */
const chosen = {
  /** Parts smaller than this share of the largest are specks. */
  speck: 0.1,
  /** Holes smaller than this share of the object are pin-holes. */
  pinHole: 0.02,
  /** Cells of the model's grid within which the photo's edge is looked for. */
  reach: 1.5,
  tolerance: 1e-3,
};

export interface Source {
  readonly mask: LowResMask;
  readonly photo: Size;
  readonly inputSize: number;
  readonly threshold: number;
  /** Where the object was tapped: these parts are never specks. */
  readonly seeds: readonly Point[];
}

/** @returns Null for an empty mask. */
export function postprocess(source: Source, settings: Postprocessing, guide: Guide | null): Field | null {
  const { photo } = source;
  const { region } = source.mask;
  const frame = region ? rectOf(region) : wholePhoto(photo).rect;
  const whole = guideSize(frame);
  const step = { x: frame.width / whole.width, y: frame.height / whole.height };
  const pixels = Math.max(step.x, step.y);
  const reach = (chosen.reach * cellSize * Math.max(frame.width, frame.height)) / source.inputSize;
  const sigma = Math.max(0.8, (settings.smooth * Math.max(frame.width, frame.height)) / 1000 / pixels);
  const logits = sampleLogits(source.mask, photo, source.inputSize, { rect: frame, ...whole });
  const mask = Uint8Array.from(logits, (logit) => (logit > source.threshold ? 1 : 0));
  const margin = Math.ceil((2 * reach + Math.max(0, settings.grow)) / pixels + 3 * sigma) + 2;
  const part = boundsOf(mask, whole, margin);
  if (!part) return null;
  const inside = crop(mask, whole, part);
  clean(
    inside,
    part,
    settings,
    source.seeds.map(centreOf).map(({ x, y }) => ({
      x: Math.floor((x - frame.x) / step.x) - part.x,
      y: Math.floor((y - frame.y) / step.y) - part.y,
    })),
  );
  const distance = blur(signedDistance(inside, part), part, sigma);
  for (let i = 0; i < distance.length; i++) distance[i] = distance[i]! * pixels + settings.grow;
  const rect = {
    x: frame.x + part.x * step.x,
    y: frame.y + part.y * step.y,
    width: part.width * step.x,
    height: part.height * step.y,
  };
  const soft = () => distance.map((d) => Math.min(Math.max(0.5 + d / (2 * reach), 0), 1));
  // A region's own cells are about as fine as the photo's pixels. The guide, which is made for the whole photo, is coarser.
  const lines =
    settings.edges && guide && !region
      ? guidedLines(soft(), crop(guide, whole, part), part, reach / pixels, chosen.tolerance)
      : null;
  return { rect, width: part.width, height: part.height, distance, lines, reach };
}

function clean(mask: Uint8Array, size: Size, { parts, holes }: Postprocessing, seeds: readonly Point[]): void {
  if (parts !== "all") {
    const found = connectedParts(mask, size);
    const areas = found.parts.map(({ area }) => area);
    const largest = Math.max(...areas);
    const tapped = new Set(
      seeds.map(({ x, y }) =>
        x >= 0 && y >= 0 && x < size.width && y < size.height ? found.labels[y * size.width + x]! : -1,
      ),
    );
    tapped.delete(-1);
    if (!tapped.size) tapped.add(areas.indexOf(largest));
    keepParts(
      mask,
      found,
      ({ area }, label) => tapped.has(label) || (parts === "large" && area >= chosen.speck * largest),
    );
  }
  if (holes !== "keep")
    fillHoles(mask, size, holes === "fill" ? Infinity : chosen.pinHole * mask.reduce((sum, value) => sum + value, 0));
}

/** The distance at the field's own samples, edges included. @param guide The same as for `postprocess`. */
export function fieldOf(field: Field, photo: Size, guide: Guide | null): Float32Array<ArrayBuffer> {
  if (!field.lines || !guide) return field.distance.slice();
  const whole = guideSize(photo);
  const part = {
    x: Math.round((field.rect.x / photo.width) * whole.width),
    y: Math.round((field.rect.y / photo.height) * whole.height),
    width: field.width,
    height: field.height,
  };
  const light = crop(guide, whole, part);
  const followedAll = field.distance.map((d, i) =>
    followed(d, field.lines!.slope[i]! * light[i]! + field.lines!.offset[i]!, field.reach),
  );
  const mask = Uint8Array.from(followedAll, (d) => (d > 0 ? 1 : 0));
  const pixels = field.rect.width / field.width;
  for (const i of turnCrumbs(mask, part, Math.max(2, crumbOf(field) / pixels ** 2)))
    followedAll[i] = mask[i] ? 0.1 : -0.1;
  return followedAll;
}

/**
 * Where edges follow a photo's grain, crumbs fall off them: this many pixels are no detail. More in a photo that is
 * finer than the field.
 */
const crumbOf = (field: Field): number => Math.min(48, Math.round(12 + (2 * field.rect.width) / field.width));

/** The distance, moved towards what the photo says where it is near enough to the outline. */
function followed(distance: number, guided: number, reach: number): number {
  const away = Math.min(1, Math.abs(distance) / reach);
  const keep = away * away * (3 - 2 * away);
  return (guided - 0.5) * 2 * reach * (1 - keep) + distance * keep;
}

/** Pixels of a side of the squares that are read at once: most of them lie far from any edge. */
const tile = 128;

/**
 * Which pixels of a part of the photo belong to the field's inside.
 *
 * @param light The photo's own brightness, 0 to 1, for each pixel of a rectangle.
 * @returns 0 or 1 for each pixel, row by row.
 */
export function readField(field: Field, part: Rect, light: (rect: Rect) => Float32Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(part.width * part.height);
  const top = Math.max(part.y, Math.floor(field.rect.y));
  const left = Math.max(part.x, Math.floor(field.rect.x));
  const bottom = Math.min(part.y + part.height, Math.ceil(field.rect.y + field.rect.height));
  const right = Math.min(part.x + part.width, Math.ceil(field.rect.x + field.rect.width));
  for (let y = top; y < bottom; y += tile)
    for (let x = left; x < right; x += tile)
      readTile(field, { x, y, width: Math.min(tile, right - x), height: Math.min(tile, bottom - y) }, light, out, part);
  return out;
}

function readTile(field: Field, rect: Rect, light: (rect: Rect) => Float32Array, out: Uint8Array, part: Rect): void {
  const crumb = crumbOf(field);
  // So far around it that a crumb that reaches into the square is seen whole: squares then fit together, however they
  // are cut.
  const window = field.lines ? grown(rect, crumb + 1, field.rect) : rect;
  const distance = bilinear(field.distance, field, window);
  let nearest = Infinity;
  for (const d of distance) nearest = Math.min(nearest, Math.abs(d));
  const mask = new Uint8Array(distance.length);
  if (field.lines && nearest < field.reach) {
    const [brightness, slope, offset] = [
      light(window),
      bilinear(field.lines.slope, field, window),
      bilinear(field.lines.offset, field, window),
    ];
    for (let i = 0; i < mask.length; i++)
      mask[i] = followed(distance[i]!, slope[i]! * brightness[i]! + offset[i]!, field.reach) > 0 ? 1 : 0;
    turnCrumbs(mask, window, crumb);
  } else for (let i = 0; i < mask.length; i++) mask[i] = distance[i]! > 0 ? 1 : 0;
  for (let y = 0; y < rect.height; y++) {
    const from = (rect.y - window.y + y) * window.width + rect.x - window.x;
    out.set(mask.subarray(from, from + rect.width), (rect.y - part.y + y) * part.width + rect.x - part.x);
  }
}

/** A rectangle of whole pixels with some around it, as far as there are any. */
function grown({ x, y, width, height }: Rect, by: number, within: Rect): Rect {
  const [left, top] = [Math.max(Math.floor(within.x), x - by), Math.max(Math.floor(within.y), y - by)];
  const [right, bottom] = [
    Math.min(Math.ceil(within.x + within.width), x + width + by),
    Math.min(Math.ceil(within.y + within.height), y + height + by),
  ];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * Values at a field's samples, read at others: `size` of them spread over `rect` (image pixels). What lies beyond the
 * field is outside.
 */
export function fieldAt(field: Field, values: Float32Array, rect: Rect, size: Size): Float32Array<ArrayBuffer> {
  const out = bilinear(values, field, rect, size);
  const { x: left, y: top } = field.rect;
  const [right, bottom] = [left + field.rect.width, top + field.rect.height];
  for (let y = 0, i = 0; y < size.height; y++) {
    const py = rect.y + ((y + 0.5) * rect.height) / size.height;
    for (let x = 0; x < size.width; x++, i++) {
      const px = rect.x + ((x + 0.5) * rect.width) / size.width;
      if (px < left || px > right || py < top || py > bottom) out[i] = Math.min(out[i]!, -field.reach);
    }
  }
  return out;
}

/** Reads values of a field at samples spread over a rectangle; beyond the field, those at its border. */
function bilinear(values: Float32Array, field: Field, rect: Rect, size: Size = rect): Float32Array<ArrayBuffer> {
  const columns = axis(
    field.width,
    size.width,
    rect.x - field.rect.x,
    rect.width / size.width,
    field.width / field.rect.width,
  );
  const rows = axis(
    field.height,
    size.height,
    rect.y - field.rect.y,
    rect.height / size.height,
    field.height / field.rect.height,
  );
  return new Bilinear(values, field.width, columns, rows).all();
}

/** The smallest rectangle of samples that holds the mask and a margin around it, inside the grid; null: the mask is empty. */
export function boundsOf(mask: Uint8Array, { width, height }: Size, margin: number): Rect | null {
  let [left, right, top, bottom] = [width, -1, -1, -1];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (!mask[i]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top < 0) top = y;
      bottom = y;
    }
  if (top < 0) return null;
  [left, top] = [Math.max(0, left - margin), Math.max(0, top - margin)];
  [right, bottom] = [Math.min(width, right + margin + 1), Math.min(height, bottom + margin + 1)];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The samples of a part of a grid. */
export function crop<T extends Uint8Array | Float32Array>(values: T, { width }: Size, part: Rect): T {
  const out = new (values.constructor as new (length: number) => T)(part.width * part.height);
  for (let y = 0; y < part.height; y++)
    out.set(values.subarray((part.y + y) * width + part.x, (part.y + y) * width + part.x + part.width), y * part.width);
  return out;
}
