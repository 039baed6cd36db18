import { describe, expect, it } from "vitest";
import { viewPoint, viewToImage } from "../../src/engine/core/geometry";
import { Viewport } from "../../src/state/viewport";

const insets = { top: 60, right: 10, bottom: 200, left: 10 };

function viewport(): Viewport {
  const made = new Viewport();
  made.resize({ width: 400, height: 800 }, insets);
  made.show({ width: 1000, height: 500 });
  return made;
}

describe("Viewport", () => {
  it("fits the photo between the controls", () => {
    expect(viewport().view.value).toEqual({ scale: 0.38, x: 10, y: 60 + (540 - 190) / 2 });
  });

  it("stays fitted when the window changes, until the photo is moved", () => {
    const fitted = viewport();
    fitted.resize({ width: 800, height: 800 }, insets);
    expect(fitted.view.value.scale).toBeCloseTo(0.78);
    fitted.pan(5, 5);
    const { scale } = fitted.view.value;
    fitted.resize({ width: 400, height: 800 }, insets);
    expect(fitted.view.value.scale).toBe(scale);
  });

  it("zooms at a place, within limits", () => {
    const made = viewport();
    const anchor = viewPoint(150, 300);
    const before = viewToImage(anchor, made.view.value);
    made.zoom(4, anchor);
    const after = viewToImage(anchor, made.view.value);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
    made.zoom(1e9);
    expect(made.view.value.scale).toBe(32);
    made.zoom(1e-9);
    expect(made.view.value.scale).toBeCloseTo(0.19);
  });

  it("says what part of the photo is in sight, and what is beside it", () => {
    const made = viewport();
    made.view.value = { scale: 2, x: -300, y: 100 };
    expect(made.seen()).toEqual({ x: 150, y: -50, width: 200, height: 400 });
  });

  it("never loses the photo", () => {
    const made = viewport();
    made.pan(1e6, -1e6);
    expect(made.view.value.x).toBe(400 - 48);
    expect(made.view.value.y).toBe(48 - 190);
  });
});
