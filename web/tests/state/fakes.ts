/** Stand-ins for what the state classes ask: a model that answers with discs, a photo, and the browser's paths. */
import { vi } from "vitest";
import type { Prompt } from "../../src/engine/core/prompt";
import { EngineError, type EncodedImage, type EverythingOptions, type Segmenter } from "../../src/engine/segmenter";
import type { Photo } from "../../src/state/photo";
import { deferred } from "../engine/fakes";

export const photoSize = { width: 40, height: 30 } as const;
const inputSize = 64;
const gridSize = inputSize / 4;
const scale = inputSize / photoSize.width;
/** Of the three candidates, in pixels of the photo. */
const radii = [3, 6, 9];

export function fakePhoto(name = "cup", blob: Blob = new Blob([name])) {
  return {
    ...photoSize,
    name,
    blob,
    preview: photoSize,
    remark: null,
    forEncoder: async () => ({ source: {}, transfer: false }),
    forgetFull: () => undefined,
    guide: () => new Float32Array(photoSize.width * photoSize.height), // all of one brightness: no edge to follow
    close: vi.fn(),
  } as unknown as Photo & { close: ReturnType<typeof vi.fn> };
}

/** Logits of a disc around each point of the object, less those around the others. */
function disc({ points = [] }: Prompt, radius: number) {
  const logits = new Float32Array(gridSize * gridSize);
  const near = (cell: number, label: number): number => {
    const [x, y] = [(4 * (cell % gridSize) + 2) / scale, (4 * Math.floor(cell / gridSize) + 2) / scale];
    const distances = points
      .filter((point) => point.label === label)
      .map((point) => Math.hypot(point.x - x, point.y - y));
    return Math.min(...distances, 1000);
  };
  logits.forEach((_, cell) => (logits[cell] = Math.min(radius - near(cell, 1), near(cell, 0) - radius)));
  return { logits, size: gridSize };
}

const segmentation = (prompt: Prompt) => ({
  masks: radii.map((radius) => disc(prompt, radius)),
  scores: [0.5, 0.9, 0.7],
  tokens: [1, 2, 3],
  best: 1,
});

/** A model of discs. `asked` is what it was asked; with `slow` it reads a photo when the test says so. */
export function fakeModel(id = "discs", { slow = false, provider = "wasm" } = {}) {
  const asked: { prompt: Prompt; kind: string | undefined }[] = [];
  const read = deferred<void>();
  if (!slow) read.resolve();
  const found: Prompt[] = [];
  const image = {
    segment: async (prompt: Prompt, { kind }: { kind?: string }) => {
      asked.push({ prompt, kind });
      return segmentation(prompt);
    },
    everything: async ({ onProgress, onFound, signal }: EverythingOptions) => {
      onProgress?.({ done: 1, total: 2 });
      await Promise.resolve();
      const masks = found.map((prompt) => ({
        point: prompt.points![0]!,
        segmentation: segmentation(prompt),
        candidate: 1,
        predictedIou: 0.9,
        stability: 0.9,
      }));
      if (!signal?.aborted) await onFound?.(masks.slice(0, 2));
      await settle();
      if (signal?.aborted) throw new EngineError("aborted", "stopped");
      return { masks };
    },
    save: async () => ({ ...photoSize, tensors: {} }),
    release: vi.fn(),
  } as unknown as EncodedImage;
  const encode = vi.fn((_: unknown, { signal }: { signal?: AbortSignal }) =>
    read.promise.then(() => {
      if (signal?.aborted) throw new EngineError("aborted", "stopped");
      return image;
    }),
  );
  const info = {
    model: { id, input_size: inputSize, mask_threshold: 0, variants: { exact: { encoder: { sha256: id } } } },
    variant: "exact",
    finer: null,
    provider,
    cached: true,
  };
  const segmenter = { info, encode, dispose: vi.fn() } as unknown as Segmenter;
  return { segmenter, image, asked, encode, read, found };
}

/** All that is under way has come. */
export const settle = () => new Promise((resolve) => setTimeout(resolve));

class FakePath {
  readonly rings: { x: number; y: number }[][] = [];

  moveTo(x: number, y: number): void {
    this.rings.push([{ x, y }]);
  }

  lineTo(x: number, y: number): void {
    this.rings.at(-1)!.push({ x, y });
  }

  closePath(): void {
    // Rings are closed anyway.
  }

  contains(x: number, y: number): boolean {
    const crossings = this.rings.flatMap((ring) =>
      ring.filter((a, i) => {
        const b = ring[(i + 1) % ring.length]!;
        return a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x);
      }),
    );
    return crossings.length % 2 === 1;
  }
}

/** Puts paths and the canvas that measures them in the place of the browser's. */
export function fakePaths(): void {
  vi.stubGlobal("Path2D", FakePath);
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      getContext = () => ({ isPointInPath: (path: FakePath, x: number, y: number) => path.contains(x, y) });
    },
  );
}
