/** Small things that several tests need. */
import { readFileSync } from "node:fs";
import type { LowResMask } from "../src/engine/core/prompt";
import type { Manifest } from "../src/engine/core/manifest";

/** The grid of tests/golden/make_geometry.py: two blobs, one of them at the left edge. */
export function goldenGrid(size: number): LowResMask {
  const logits = new Float32Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const first = 0.0625 * size * size - (x - 0.5 * size) ** 2 - 1.5 * (y - 0.25 * size) ** 2;
      const second = 0.015625 * size * size - (x - 3) ** 2 - (y - 0.375 * size) ** 2;
      logits[y * size + x] = Math.max(first, second) + 0.27734375;
    }
  return { logits, size };
}

export const area = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + value, 0);

/** A valid manifest with one tiny model; change it freely. */
export const sampleManifest = (): Manifest => golden("manifest").manifest;

/** A file of tests/golden, which the Python tests read too. */
export const golden = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../tests/golden/${name}.json`, import.meta.url), "utf8"));
