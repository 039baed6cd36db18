/**
 * Writes a .br and a .gz sibling next to every built file that shrinks by it, so that the server never compresses on
 * the fly.
 *
 * Run after `vite build`: node web/compress.mjs [folder]
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const dist = process.argv[2] ?? new URL("dist", import.meta.url).pathname;
const kinds = new Set([".html", ".js", ".mjs", ".css", ".svg", ".json", ".webmanifest", ".txt", ".wasm", ".onnx"]);
const smallest = 1024;
const worthwhile = 0.95; // a sibling that saves less than 5 % costs more in disk and headers than it gives
const bigFile = 2 ** 20;

/** @param {Buffer} bytes */
const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, {
    params: {
      // Quality 11 takes minutes on the wasm files; 9 is within a few percent of it in seconds.
      [constants.BROTLI_PARAM_QUALITY]: bytes.length > bigFile ? 9 : 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });

/** @param {Buffer} bytes */
const gzipped = (bytes) => promisify(gzip)(bytes, { level: bytes.length > bigFile ? 6 : 9 });

const entries = await readdir(dist, { recursive: true, withFileTypes: true });
const files = entries.filter((entry) => entry.isFile() && kinds.has(extname(entry.name)));
let before = 0;
let after = 0;
for (const entry of files) {
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  if (bytes.length < smallest) continue;
  const packed = await brotli(bytes);
  before += bytes.length;
  after += Math.min(packed.length, bytes.length);
  if (packed.length < bytes.length * worthwhile) await writeFile(`${path}.br`, packed);
  const zipped = await gzipped(bytes);
  if (zipped.length < bytes.length * worthwhile) await writeFile(`${path}.gz`, zipped);
}
const mb = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
console.log(`compressed ${mb(before)} MB to ${mb(after)} MB with brotli`);
