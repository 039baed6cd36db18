/**
 * Cuts things out of pictures with the page's own code, each way that there is: `node web/bench/edges.mjs FOLDER`.
 *
 * `python -m export edges` puts raw pixels and logits into the folder, calls this, and measures what comes out.
 */
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const server = await createServer({
  configFile: false,
  root,
  appType: "custom",
  logLevel: "error",
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, hmr: false, ws: false },
});
try {
  const { cutAll } = await server.ssrLoadModule("/bench/edges.ts");
  console.log(JSON.stringify(cutAll(process.argv[2])));
} finally {
  await server.close();
}
