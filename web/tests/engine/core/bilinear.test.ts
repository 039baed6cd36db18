import { describe, expect, it } from "vitest";
import { axis, Bilinear } from "../../../src/engine/core/bilinear";
import { cellsWithin, frameSize, gridSize } from "../../../src/engine/core/grid";

describe("Bilinear", () => {
  const grid = Float32Array.of(0, 10, 20, 30);

  it("reads between cells, and their border values beyond them", () => {
    const places = axis(2, 4, 0, 1, 0.5);
    expect([...new Bilinear(grid, 2, places, places).all()].slice(0, 4)).toEqual([0, 2.5, 7.5, 10]);
  });

  it("reads a part as it reads the whole, and says what a row cannot exceed", () => {
    const rows = axis(2, 4, 0, 1, 0.5);
    const whole = new Bilinear(grid, 2, axis(2, 4, 0, 1, 0.5), rows);
    const part = new Bilinear(grid, 2, axis(2, 2, 2, 1, 0.5), rows);
    whole.row(1);
    expect(part.row(1)).toBeGreaterThanOrEqual(part.at(1));
    expect([part.at(0), part.at(1)]).toEqual([whole.at(2), whole.at(3)]);
  });

  it("reads several numbers a cell, and a grid of one cell", () => {
    const once = axis(1, 2, 0, 1, 0.5);
    expect([...new Bilinear(Float32Array.of(1, 2, 3), 1, once, axis(1, 1, 0, 1, 1), 3).all()]).toEqual([
      1, 2, 3, 1, 2, 3,
    ]);
  });
});

describe("the grid", () => {
  it("has a cell for 4 × 4 model pixels", () => {
    expect([gridSize(1024), frameSize(256), cellsWithin(683)]).toEqual([256, 1024, 171]);
  });
});
