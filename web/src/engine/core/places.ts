/**
 * Where to tap, when all masks of a photo are looked for: few of a lattice of places, each chosen by what the others
 * found. Every third place of every third row is the start; then, round by round, the middle of each mask that was
 * found, best mask first; when all middles have been tapped, what is left goes into the widest gaps between the taps.
 * `export/evaluation/places.py` is its twin.
 *
 * A place is a number, row by row; place (row, column) of n × n lies at ((column + 0.5) / n, (row + 0.5) / n) of the
 * photo.
 */
import type { Grid } from "./everything";
import type { Point, Size } from "./geometry";

/** Of the start. */
const step = 3;

/** The places of side × side to begin with; all of them where `most` taps suffice for that. */
export function startPlaces(side: number, most: number): number[] {
  if (side * side <= most) return Array.from({ length: side * side }, (_, place) => place);
  const some = Array.from({ length: Math.ceil((side - 1) / step) }, (_, i) => 1 + step * i);
  return some.flatMap((row) => some.map((column) => row * side + column)).slice(0, most);
}

/** In image pixels. */
export const placePoint = (place: number, side: number, { width, height }: Size): Point => ({
  x: (((place % side) + 0.5) / side) * width,
  y: ((Math.floor(place / side) + 0.5) / side) * height,
});

/** Which places a mask holds, 1 or 0 for each: those in whose cell it is. */
export function heldPlaces({ logits, stride, columns, rows }: Grid, threshold: number, side: number): Uint8Array {
  const cell = (index: number, cells: number) => Math.floor(((2 * index + 1) * cells) / (2 * side));
  return Uint8Array.from({ length: side * side }, (_, place) => {
    const [row, column] = [cell(Math.floor(place / side), rows), cell(place % side, columns)];
    return Number(logits[row * stride + column]! > threshold);
  });
}

/**
 * Up to `most` places for the next round.
 *
 * @param masks What the found ones hold, best first.
 * @param tapped All taps so far.
 */
export function furtherPlaces(
  masks: readonly Uint8Array[],
  tapped: readonly number[],
  side: number,
  most: number,
): number[] {
  const done = new Set(tapped);
  const middles = new Set(masks.map((mask) => middle(mask, side)).filter((place) => place >= 0 && !done.has(place)));
  return middles.size ? [...middles].slice(0, most) : gaps(tapped, side, most);
}

/** The place of a mask that is farthest from its edge, the photo's border counting as edge; −1: it holds none. */
function middle(mask: Uint8Array, side: number): number {
  const outside: number[] = [];
  mask.forEach((held, place) => held || outside.push(place));
  let [deepest, depth] = [-1, 0];
  mask.forEach((held, place) => {
    if (!held) return;
    const [row, column] = [Math.floor(place / side), place % side];
    let nearest = Math.min(row + 1, column + 1, side - row, side - column) ** 2;
    for (const other of outside) nearest = Math.min(nearest, squared(place, other, side));
    if (nearest > depth) [deepest, depth] = [place, nearest];
  });
  return deepest;
}

/** One after the other, the place that is farthest from every tap. */
function gaps(tapped: readonly number[], side: number, most: number): number[] {
  const distances = Array.from({ length: side * side }, () => Infinity);
  const tap = (at: number) =>
    distances.forEach((distance, place) => (distances[place] = Math.min(distance, squared(place, at, side))));
  tapped.forEach(tap);
  const wanted: number[] = [];
  while (wanted.length < Math.min(most, side * side - tapped.length)) {
    const widest = distances.reduce((best, distance, place) => (distance > distances[best]! ? place : best), 0);
    tap(widest);
    wanted.push(widest);
  }
  return wanted;
}

const squared = (a: number, b: number, side: number): number =>
  (Math.floor(a / side) - Math.floor(b / side)) ** 2 + ((a % side) - (b % side)) ** 2;
