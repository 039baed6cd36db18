/** Reads a grid between its cells, one row of samples at a time: nothing as large as the result is held beside it. */

/** For each sample along one axis: the cell before it, the one after it, and how far it is on the way between them. */
export interface Axis {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly part: Float64Array;
}

/**
 * Samples at the middles of equal steps; those beyond the grid take the value at its border.
 *
 * @param size Cells of the grid.
 * @param count Samples.
 * @param start Where the first step begins, in the unit of `step`.
 * @param step How long a step is.
 * @param scale Cells per that unit.
 */
export function axis(size: number, count: number, start: number, step: number, scale: number): Axis {
  const [low, high, part] = [new Int32Array(count), new Int32Array(count), new Float64Array(count)];
  for (let i = 0; i < count; i++) {
    const position = Math.min(Math.max((start + (i + 0.5) * step) * scale - 0.5, 0), size - 1);
    low[i] = Math.floor(position);
    high[i] = Math.min(low[i]! + 1, size - 1);
    part[i] = position - low[i]!;
  }
  return { low, high, part };
}

export class Bilinear {
  private readonly line: Float64Array;
  private readonly from: number;
  private readonly to: number;

  /**
   * @param values Cell by cell, row by row, `channels` numbers each.
   * @param width Cells in a row.
   */
  constructor(
    private readonly values: Float32Array,
    private readonly width: number,
    private readonly columns: Axis,
    private readonly rows: Axis,
    private readonly channels = 1,
  ) {
    this.line = new Float64Array(width * channels);
    const count = columns.low.length;
    this.from = count ? columns.low[0]! * channels : 0;
    this.to = count ? (columns.high[count - 1]! + 1) * channels : 0;
  }

  /** Goes to a row of samples. @returns A bound that no sample of it exceeds. */
  row(y: number): number {
    const { values, line, width, channels, rows } = this;
    const [above, below, t] = [rows.low[y]! * width * channels, rows.high[y]! * width * channels, rows.part[y]!];
    let highest = -Infinity;
    for (let i = this.from; i < this.to; i++) {
      const value = values[above + i]! * (1 - t) + values[below + i]! * t;
      line[i] = value;
      if (value > highest) highest = value;
    }
    return highest;
  }

  /** A sample of the row that was gone to. */
  at(x: number, channel = 0): number {
    const { line, columns, channels } = this;
    const t = columns.part[x]!;
    return line[columns.low[x]! * channels + channel]! * (1 - t) + line[columns.high[x]! * channels + channel]! * t;
  }

  /** All samples, row by row. */
  all(): Float32Array<ArrayBuffer> {
    const [width, height] = [this.columns.low.length, this.rows.low.length];
    const out = new Float32Array(width * height * this.channels);
    for (let y = 0, o = 0; y < height; y++) {
      this.row(y);
      for (let x = 0; x < width; x++) for (let c = 0; c < this.channels; c++) out[o++] = this.at(x, c);
    }
    return out;
  }
}
