/** Builds the bench page, apart from the app: it is never deployed. `python -m export bench` says where to. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const folder = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: folder,
  base: "./",
  publicDir: false,
  cacheDir: "../../node_modules/.vite-bench",
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 800 },
  worker: { format: "es" },
  // As in the app's configuration: onnxruntime-web's .mjs and .wasm are files of their own.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"] },
});
