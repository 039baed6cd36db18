/**
 * COCO's run-length masks: pixels are counted down the columns, first those outside; the counts are packed into a
 * string.
 */
import type { Rect } from "../engine/core/geometry";

/** Opacity from here on counts as part of the object, where a pixel must be in or out. */
export const opaque = 128;

/** Counts runs strip by strip, from left to right: a huge photo's mask is never in memory as a whole. */
export class RunCounter {
  private readonly lengths: number[] = [];
  private inside = false;
  private length = 0;

  /** @param alpha Opacity, 0 to 255, of the next columns at their full height, row by row. */
  add(alpha: Uint8Array, width: number): void {
    for (let x = 0; x < width; x++)
      for (let i = x; i < alpha.length; i += width) {
        if (alpha[i]! >= opaque !== this.inside) this.turn();
        this.length++;
      }
  }

  /** The lengths of all runs. */
  finish(): number[] {
    return [...this.lengths, this.length];
  }

  private turn(): void {
    this.lengths.push(this.length);
    this.inside = !this.inside;
    this.length = 0;
  }
}

/** How many pixels are part of the object. */
export const areaOf = (runs: readonly number[]): number => runs.reduce((sum, run, i) => (i % 2 ? sum + run : sum), 0);

/** The smallest rectangle that holds them, or null. `height` is the photo's. */
export function boundsOf(runs: readonly number[], height: number): Rect | null {
  let [left, right, top, bottom] = [Infinity, -1, height, -1];
  let end = 0;
  runs.forEach((run, i) => {
    const start = end;
    end += run;
    if (i % 2 === 0 || run === 0) return;
    const [first, last] = [Math.floor(start / height), Math.floor((end - 1) / height)];
    left = Math.min(left, first);
    right = Math.max(right, last);
    // Who goes on in the next column touches the photo's bottom and top.
    top = first === last ? Math.min(top, start % height) : 0;
    bottom = first === last ? Math.max(bottom, (end - 1) % height) : height - 1;
  });
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * The compressed `counts` string. Every number is written in groups of five bits, lowest first, as characters from "0"
 * on; bit 5 says that more follow. From the fourth number on, it is the difference to the one two before.
 */
export function compressRuns(runs: readonly number[]): string {
  const out: string[] = [];
  runs.forEach((run, i) => {
    let value = i > 2 ? run - runs[i - 2]! : run;
    for (let more = true; more;) {
      const group = value & 31;
      value >>= 5;
      more = value !== (group & 16 ? -1 : 0);
      out.push(String.fromCharCode(48 + (more ? group | 32 : group)));
    }
  });
  return out.join("");
}
