/**
 * A soft edge: how opaque every pixel along the outline is, and what colour the object itself has there, without the old background's.
 *
 * All that has to be searched for is found on the coarse grid that answers are post-processed on: the colours inside and outside, carried
 * over the edge, and opacity as a straight line over colours. A pixel of the photo is then read from these and its own colour alone,
 * so that strands far finer than the grid are found, and a photo of any size can be worked off piece by piece.
 */
import { axis, Bilinear } from "../engine/core/bilinear";
import type { Rect, Size } from "../engine/core/geometry";
import { boxMean } from "./blur";
import { Neighbourhoods, type ColourLines, type Planes } from "./colourLines";
import { fillIn } from "./fillIn";
import { signedDistance } from "./morphology";

/** Numbers of each sample of a matte's grid, one after the other. */
const channels = { distance: 0, lines: 1, foreground: 5, background: 8 } as const;
const perSample = 11;

export interface Matte extends Size {
  /** Photo pixels that the grid covers, parts of pixels too; everything beyond is transparent. */
  readonly rect: Rect;
  /** For each sample, as `channels` says: distance from the outline in samples, lines, colours in front and behind (0 to 255). */
  readonly values: Float32Array;
  /** Beyond this distance from the outline everything is opaque or transparent, in samples. */
  readonly reach: number;
}

/** Chosen on drawn pictures and on objects of training photos, laid over other photos: see docs/experiments.md. */
const chosen = {
  /** Samples around each that share one line. */
  radius: 4,
  /** The variance of colours under which the photo counts as flat. */
  flat: 1e-3,
  /** What is so far inside, of the reach, is the object itself. */
  inside: 0.6,
  /** A difference of colours that says nothing, 0 to 1. */
  noise: 0.07,
  /** How much the colours' spread on either side takes from what their difference says. */
  spread: 1.2,
  /** Where colours say nothing, the edge is this soft, of the reach. */
  ramp: 0.25,
  /** Samples around each over which colours in front and behind are averaged again, once opacity is known. */
  nearby: 3,
  /** Nearly opaque is opaque, nearly transparent is transparent. */
  stretch: 0.05,
};

/**
 * @param mask 0 or 1 for each sample of a grid over `rect`.
 * @param colours The photo's on the same grid, 0 to 1.
 * @param reach How far from the outline the photo's own edge is looked for, in samples.
 */
export function matteOf(mask: Uint8Array, colours: Planes, rect: Rect, size: Size, reach: number): Matte {
  const distance = signedDistance(mask, size);
  const count = distance.length;
  const [inner, outer] = [new Float32Array(count), new Float32Array(count)];
  for (let i = 0; i < count; i++) {
    if (distance[i]! > chosen.inside * reach) inner[i] = 1;
    else if (distance[i]! < -reach) outer[i] = 1;
  }
  // A thing thinner than the reach has no inside of that kind; then its middle is what is known.
  if (!inner.includes(1)) inner.set(mask);
  const far: Sides = { front: carried(colours, inner, size), behind: carried(colours, outer, size) };
  const neighbourhoods = new Neighbourhoods(colours, size, chosen.radius, chosen.flat);
  const linesBy = (sides: Sides): ColourLines => {
    const opacity = guessed(colours, sides, distance, reach);
    for (let i = 0; i < count; i++) if (inner[i] || outer[i]) opacity[i] = inner[i]!;
    return neighbourhoods.lines(opacity);
  };
  const sides = nearer(far, colours, neighbourhoods.read(linesBy(far)), size);
  const lines = linesBy(sides);
  const values = new Float32Array(count * perSample);
  for (let i = 0, o = 0; i < count; i++, o += perSample) {
    values[o] = distance[i]!;
    for (let c = 0; c < 4; c++) values[o + channels.lines + c] = lines[c]![i]!;
    for (let c = 0; c < 3; c++) {
      values[o + channels.foreground + c] = sides.front.mean[c]![i]! * 255;
      values[o + channels.background + c] = sides.behind.mean[c]![i]! * 255;
    }
  }
  return { rect, ...size, values, reach };
}

/** Mean and spread of what is known nearby, for each channel and sample. */
interface Known {
  readonly mean: readonly Float32Array[];
  readonly spread: readonly Float32Array[];
}

interface Sides {
  readonly front: Known;
  readonly behind: Known;
}

function carried(colours: Planes, weight: Float32Array, size: Size): Known {
  const values = colours.map((plane) => times(plane, weight));
  const found = fillIn([...values, ...values.map((plane, c) => times(plane, colours[c]!))], weight, size);
  const mean = found.slice(0, 3);
  const spread = found.slice(3);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < weight.length; i++) spread[c]![i] = Math.sqrt(Math.max(0, spread[c]![i]! - mean[c]![i]! ** 2));
  return { mean, spread };
}

/** Colours in front and behind as they are right here: what opacity leaves of the photo's to either, averaged by how much of it is seen. */
function nearer({ front, behind }: Sides, colours: Planes, opacity: Float32Array, size: Size): Sides {
  const seen = opacity.map(clamped);
  const hidden = seen.map((value) => 1 - value);
  return {
    front: { ...front, mean: averaged(front.mean, behind.mean, colours, seen, size) },
    behind: { ...behind, mean: averaged(behind.mean, front.mean, colours, hidden, size) },
  };
}

function averaged(
  mine: readonly Float32Array[],
  other: readonly Float32Array[],
  colours: Planes,
  share: Float32Array,
  size: Size,
): Float32Array[] {
  const weight = boxMean(share, size, chosen.nearby);
  return mine.map((before, c) => {
    const [beside, colour] = [other[c]!, colours[c]!];
    const sum = new Float32Array(share.length);
    for (let i = 0; i < sum.length; i++) {
      const [a, own] = [share[i]!, before[i]!];
      sum[i] = a * (own + a * (colour[i]! - a * own - (1 - a) * beside[i]!));
    }
    const out = boxMean(sum, size, chosen.nearby);
    for (let i = 0; i < out.length; i++) {
      // Where hardly anything of it is seen, what was carried from afar says more.
      const trust = Math.min(1, weight[i]! * 10);
      out[i] = before[i]! + trust * (out[i]! / Math.max(weight[i]!, 1e-3) - before[i]!);
    }
    return out;
  });
}

/** Opacity by how a colour lies between those in front and behind; as far as these do not differ, by the outline. */
function guessed(colours: Planes, { front, behind }: Sides, distance: Float32Array, reach: number): Float32Array {
  const out = new Float32Array(distance.length);
  for (let i = 0; i < out.length; i++) {
    const byOutline = clamped(0.5 + distance[i]! / (2 * chosen.ramp * reach));
    if (Math.abs(distance[i]!) > reach) {
      out[i] = byOutline;
      continue;
    }
    let [apart, along, across] = [0, 0, 0];
    for (let c = 0; c < 3; c++) {
      const [f, b] = [front.mean[c]![i]!, behind.mean[c]![i]!];
      apart += (f - b) ** 2;
      along += (colours[c]![i]! - b) * (f - b);
      across += Math.abs(f - b) * (front.spread[c]![i]! + behind.spread[c]![i]!);
    }
    const doubt = chosen.noise + (chosen.spread * across) / Math.sqrt(apart + 1e-6);
    const trust = apart / (apart + doubt * doubt);
    out[i] = clamped(along / (apart + 1e-4)) * trust + byOutline * (1 - trust);
  }
  return out;
}

/** Pixels of a side of the squares that are read at once: most of them lie far from any edge. */
const tile = 64;

/**
 * Makes a part of the photo as opaque as the matte says; where that is neither 0 nor full, pixels get the object's own colour. In place.
 *
 * @param rgba The photo's pixels in `part`. Those that are transparent themselves keep a hard edge and their colour.
 * @param alpha 0 to 255 for each pixel, row by row: what is more opaque already stays so.
 * @param settled Pixels that are not 0 here are left alone.
 */
export function readMatte(
  matte: Matte,
  part: Rect,
  rgba: Uint8ClampedArray,
  alpha: Uint8Array,
  settled: Uint8Array | null = null,
): void {
  const { rect } = matte;
  const [left, top] = [Math.max(part.x, Math.floor(rect.x)), Math.max(part.y, Math.floor(rect.y))];
  const right = Math.min(part.x + part.width, Math.ceil(rect.x + rect.width));
  const bottom = Math.min(part.y + part.height, Math.ceil(rect.y + rect.height));
  for (let y = top; y < bottom; y += tile)
    for (let x = left; x < right; x += tile) {
      const square = { x, y, width: Math.min(tile, right - x), height: Math.min(tile, bottom - y) };
      readTile(matte, square, part, (i, read) => {
        if (settled?.[i] || alpha[i] === 255) return;
        alpha[i] = Math.max(alpha[i]!, read(rgba, 4 * i));
      });
    }
}

/** Gives a pixel at an index of RGBA values its own colour. @returns Its opacity, 0 to 255. */
type Read = (rgba: Uint8ClampedArray, o: number) => number;

const opaque: Read = () => 255;

function readTile(matte: Matte, square: Rect, part: Rect, visit: (i: number, read: Read) => void): void {
  const { rect, reach, values } = matte;
  const [perX, perY] = [matte.width / rect.width, matte.height / rect.height];
  const columns = axis(matte.width, square.width, square.x - rect.x, 1, perX);
  const rows = axis(matte.height, square.height, square.y - rect.y, 1, perY);
  const known = uniform(matte, columns, rows);
  if (known === 0) return;
  const grid = new Bilinear(values, matte.width, columns, rows, perSample);
  let [column, distance] = [0, 0];
  const edge: Read = (rgba, o) =>
    rgba[o + 3] === 255 ? readPixel(grid, column, distance / reach, rgba, o) : distance > 0 ? 255 : 0;
  for (let y = 0; y < square.height; y++) {
    let i = (square.y - part.y + y) * part.width + square.x - part.x;
    if (!known) grid.row(y);
    for (column = 0; column < square.width; column++, i++) {
      distance = known ? reach : grid.at(column);
      if (distance > -reach) visit(i, distance >= reach ? opaque : edge);
    }
  }
}

/** 255 or 0 where all samples that a square is read from are beyond the reach, on one side; null otherwise. */
function uniform(
  { values, width, reach }: Matte,
  columns: ReturnType<typeof axis>,
  rows: ReturnType<typeof axis>,
): 255 | 0 | null {
  let [least, most] = [Infinity, -Infinity];
  for (let y = rows.low[0]!; y <= rows.high.at(-1)!; y++)
    for (let x = columns.low[0]!; x <= columns.high.at(-1)!; x++) {
      const d = values[(y * width + x) * perSample]!;
      if (d < least) least = d;
      if (d > most) most = d;
    }
  return least >= reach ? 255 : most <= -reach ? 0 : null;
}

/** @param away Distance from the outline over the reach, −1 to 1. */
function readPixel(grid: Bilinear, x: number, away: number, rgba: Uint8ClampedArray, o: number): number {
  let opacity = grid.at(x, channels.lines + 3);
  for (let c = 0; c < 3; c++) opacity += (grid.at(x, channels.lines + c) * rgba[o + c]!) / 255;
  opacity = clamped((opacity - 0.5) * (1 + chosen.stretch) + 0.5);
  const settled = clamped(Math.abs(away) * 5 - 4);
  opacity += settled * ((away > 0 ? 1 : 0) - opacity);
  const alpha = Math.round(opacity * 255);
  if (alpha > 0 && alpha < 255)
    for (let c = 0; c < 3; c++) {
      const [front, behind] = [grid.at(x, channels.foreground + c), grid.at(x, channels.background + c)];
      // What the two colours do not explain is the object's, as far as it is seen.
      rgba[o + c] = front + opacity * (rgba[o + c]! - opacity * front - (1 - opacity) * behind);
    }
  return alpha;
}

const clamped = (value: number): number => Math.min(1, Math.max(0, value));

function times(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!;
  return out;
}
