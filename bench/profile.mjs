/**
 * node profile.mjs THREADS RUNS WIDTH HEIGHT < graph: runs a graph in onnxruntime-web's WASM, the build that the page loads, and prints what
 * its profiler saw of each node. One warm-up run comes first. The photo is noise, the prompt a point: time does not depend on them.
 */
import * as ort from "onnxruntime-web";
import { readFileSync } from "node:fs";

const [threads, runs, width, height] = process.argv.slice(2).map(Number);
const sizes = { height, width, prompts: 1, points: 2, masks: 1 };
const values = { point_coords: [width / 2, height / 2, 0, 0], point_labels: [1, -1], has_mask_input: [0] };

ort.env.wasm.numThreads = threads;
ort.env.logLevel = "error";
const options = { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 };
const session = await ort.InferenceSession.create(readFileSync(0), { ...options, enableProfiling: true });

const feeds = {};
for (const { name, type, shape } of session.inputMetadata) {
  const dims = shape.map((side) => (typeof side === "number" ? side : sizes[side]));
  const count = dims.reduce((a, b) => a * b, 1);
  const data =
    type === "uint8"
      ? Uint8Array.from({ length: count }, (_, i) => i * 7919)
      : Float32Array.from(values[name] ?? { length: count }, (value, i) => value ?? Math.sin(i));
  feeds[name] = new ort.Tensor(type, data, dims);
}
for (let i = 0; i <= runs; i++) await session.run(feeds);
session.endProfiling(); // prints to stdout
process.exit(0);
