/** Builds web/ to web/dist: static files that any host serves, under any path. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("web", import.meta.url));

/** What `server.py` sends too; without isolation the browser gives WASM no threads. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/**
 * The files of the model that answers first, in its default variant: the app works offline with them, other models are
 * cached on first use.
 */
function firstModelFiles(): string[] {
  const path = `${root}/public/models/manifest.json`;
  if (!existsSync(path)) return [];
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const model = manifest.models.find((entry: { id: string }) => entry.id === (manifest.instant ?? manifest.default));
  const variant = model.variants[model.default_variant];
  // What a GPU runs is fetched where there is a GPU.
  const { encoder, decoder } = variant.wasm ?? variant;
  return [encoder.file, decoder.file].map((file) => `models/${file}`);
}

/** What `server.py` sends too, for hosts that send no headers: the page talks to its own origin only. */
const contentSecurityPolicy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; img-src 'self' blob: data:; " +
  "connect-src 'self' blob:; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";

const policyTag: Plugin = {
  name: "content-security-policy",
  apply: "build", // the development server injects inline styles
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: contentSecurityPolicy },
      injectTo: "head-prepend",
    },
  ],
};

export default defineConfig({
  root,
  base: "./",
  cacheDir: "../node_modules/.vite",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
  },
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // onnxruntime-web's plain builds load their .mjs and .wasm from the addresses we give; the "bundle" builds carry a
  // copy of the .mjs.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"] },
  optimizeDeps: { exclude: ["onnxruntime-web"] },
  server: { headers, fs: { allow: [fileURLToPath(new URL(".", import.meta.url))] } },
  preview: { headers },
  plugins: [
    policyTag,
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src/workers/service/worker",
      filename: "sw.ts",
      injectRegister: false,
      manifest: false,
      injectManifest: {
        globPatterns: [
          "**/*.{html,js,mjs,css,svg,png,jpg,webp,webmanifest}",
          "models/manifest.json",
          // The CPU-only runtime. Of those for WebGPU, a browser needs one at most: it is kept when first used.
          "assets/ort-wasm-simd-threaded-*.wasm",
          ...firstModelFiles(),
        ],
        // The HEIC decoder is cached when first used, and a store shows the screenshots.
        globIgnores: ["sw.js", "404.html", "assets/libheif-*", "assets/ort-wasm-simd-threaded.*", "screenshots/*"],
        dontCacheBustURLsMatching: /(^|\/)assets\/|\.[0-9a-f]{8}\.onnx$/,
        maximumFileSizeToCacheInBytes: 40 * 2 ** 20,
      },
    }),
  ],
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    maxWorkers: 1,
    testTimeout: 120_000,
    // Asked for with --coverage. Views, and what needs a browser, are tested end to end and not counted here.
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text-summary"] },
  },
});
