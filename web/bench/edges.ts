/** The page's ways of cutting out, on pictures in a folder: see edges.mjs. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rect, Size } from "../src/engine/core/geometry";
import { frameSize } from "../src/engine/core/grid";
import type { Planes } from "../src/postprocess/colourLines";
import { cutOf, type FramedShape, type Picture } from "../src/postprocess/cut";
import { brightness, defaultPostprocessing, guideSize, type Postprocessing } from "../src/postprocess/postprocess";

const ways: Record<string, Postprocessing> = {
  hard: { ...defaultPostprocessing, soft: false },
  soft: defaultPostprocessing,
};

/** @returns The ways, and the milliseconds that each took for a picture on average. */
export function cutAll(folder: string): { ways: string[]; milliseconds: Record<string, number> } {
  const read = (name: string) => Uint8Array.from(readFileSync(join(folder, name)));
  const { width, height, grid, names } = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as Size & {
    grid: number;
    names: string[];
  };
  const milliseconds = Object.fromEntries(Object.keys(ways).map((way) => [way, 0]));
  for (const name of names) {
    const rgba = new Uint8ClampedArray(read(`${name}.rgba`).buffer);
    const logits = new Float32Array(read(`${name}.logits`).buffer);
    const picture = pictureOf(rgba, { width, height });
    for (const [way, finish] of Object.entries(ways)) {
      const shape: FramedShape = {
        mask: { logits, size: grid },
        finish,
        strokes: [],
        seeds: [],
        inputSize: frameSize(grid),
        threshold: 0,
      };
      const start = performance.now();
      const pixels = rgba.slice();
      const alpha = cutOf([shape], picture).take({ x: 0, y: 0, width, height }, pixels);
      milliseconds[way]! += (performance.now() - start) / names.length;
      for (let i = 0; i < alpha.length; i++) pixels[4 * i + 3] = alpha[i]!;
      writeFileSync(join(folder, `${name}.${way}.rgba`), pixels);
    }
  }
  return { ways: Object.keys(ways), milliseconds };
}

function pictureOf(rgba: Uint8ClampedArray, size: Size): Picture {
  const small = smaller(rgba, size, guideSize(size));
  const pixels = (part: Rect) => {
    const out = new Uint8ClampedArray(part.width * part.height * 4);
    for (let y = 0; y < part.height; y++) {
      const from = ((part.y + y) * size.width + part.x) * 4;
      out.set(rgba.subarray(from, from + part.width * 4), y * part.width * 4);
    }
    return out;
  };
  const plane = (c: number) => Float32Array.from({ length: small.length / 4 }, (_, i) => small[4 * i + c]! / 255);
  const colours: Planes = [plane(0), plane(1), plane(2)];
  return { size, guide: brightness(small), colours: () => colours, light: (part) => brightness(pixels(part)), pixels };
}

/** Means of the pixels that become one. */
function smaller(rgba: Uint8ClampedArray, from: Size, to: Size): Uint8ClampedArray {
  const [sums, counts] = [new Float64Array(to.width * to.height * 4), new Uint32Array(to.width * to.height)];
  for (let y = 0, i = 0; y < from.height; y++) {
    const row = Math.floor(((y + 0.5) * to.height) / from.height) * to.width;
    for (let x = 0; x < from.width; x++, i += 4) {
      const o = row + Math.floor(((x + 0.5) * to.width) / from.width);
      counts[o]!++;
      for (let c = 0; c < 4; c++) sums[4 * o + c]! += rgba[i + c]!;
    }
  }
  return Uint8ClampedArray.from(sums, (sum, i) => sum / counts[i >> 2]!);
}
