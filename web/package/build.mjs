/**
 * Builds the package that `npm pack` packs: the engine for other people's pages, in web/package/dist.
 *
 *     node web/package/build.mjs
 *
 * The worker is one file without imports, because that is the only form that every bundler takes without being told to.
 */
import { execFileSync } from "node:child_process";
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { addresses } from "./addresses.mjs";

const folder = fileURLToPath(new URL(".", import.meta.url));
const root = join(folder, "..", "..");
const engine = join(folder, "..", "src", "engine");
const dist = join(folder, "dist");
const require = createRequire(import.meta.url);

/** Files that the code refers to by their addresses. @type {Set<string>} */
const referred = new Set();

/**
 * @param {Record<string, string>} entry
 * @param {boolean} alone In one file, what is imported on demand included.
 */
const bundle = (entry, alone) =>
  build({
    configFile: false,
    root: folder,
    publicDir: false,
    logLevel: "warn",
    plugins: [addresses((file) => referred.add(file))],
    // As in the app's configuration: onnxruntime-web's .mjs and .wasm are files of their own.
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "production"] },
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: "es2022",
      minify: false, // whoever bundles it will, and who does not may want to read it
      license: { fileName: `licences-${Object.keys(entry)[0]}.md` },
      lib: { entry, formats: ["es"] },
      rolldownOptions: {
        output: { entryFileNames: "[name].js", chunkFileNames: "[name]-shared.js", codeSplitting: !alone },
      },
    },
  });

/** Types in a tree of their own, with the endings that Node's resolution insists on. */
async function declare() {
  execFileSync(
    process.execPath,
    [join(dirname(require.resolve("typescript/package.json")), "bin", "tsc"), "-p", folder],
    { stdio: "inherit" },
  );
  const types = join(dist, "types");
  for (const entry of await readdir(types, { recursive: true })) {
    if (!entry.endsWith(".d.ts")) continue;
    const file = join(types, entry);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll(/(from\s+"\.{1,2}\/[^"]+?)(?:\.js)?"/g, '$1.js"'));
  }
}

/** @typedef {{ default_variant: string, variants: Record<string, { encoder: { file: string }, wasm?: { encoder: { file: string }, decoder: { file: string } }, decoder: { file: string } }> }} Model */

/**
 * The default model, the instant one before it where there is one, each in its default variant, and a manifest that
 * lists no more than that.
 */
async function bringModel() {
  const source = join(root, "web", "public", "models");
  const models = join(dist, "models");
  const manifest = JSON.parse(await readFile(join(source, "manifest.json"), "utf8"));
  const brought = manifest.models
    .filter((/** @type {{ id: string }} */ { id }) => id === manifest.default || id === manifest.instant)
    .map((/** @type {Model} */ model) => ({
      ...model,
      variants: { [model.default_variant]: model.variants[model.default_variant] },
    }));
  const files = brought.flatMap((/** @type {Model} */ { variants }) =>
    Object.values(variants).flatMap(({ encoder, wasm, decoder }) =>
      [encoder, decoder, ...(wasm ? [wasm.encoder, wasm.decoder] : [])].map(({ file }) => file),
    ),
  );
  await mkdir(models, { recursive: true });
  await writeFile(join(models, "manifest.json"), `${JSON.stringify({ ...manifest, models: brought }, null, 1)}\n`);
  for (const file of files) await copyFile(join(source, file), join(models, file));
  await copyFile(join(root, "contract", "manifest.schema.json"), join(models, "manifest.schema.json"));
}

/** One list of the licences of all that is bundled or lies beside it. */
async function collectLicences() {
  const names = ["licences-index.md", "licences-worker.md"];
  const texts = await Promise.all(names.map((name) => readFile(join(dist, name), "utf8")));
  await writeFile(join(dist, "licences.md"), texts.join("\n"));
  await Promise.all(names.map((name) => rm(join(dist, name))));
}

await rm(dist, { recursive: true, force: true });
await bundle({ index: join(engine, "index.ts"), mask: join(engine, "mask.ts") }, false);
await bundle({ worker: join(engine, "worker", "worker.ts") }, true);
for (const file of referred) await cp(require.resolve(file), join(dist, basename(file)));
await declare();
await bringModel();
await collectLicences();
console.log("The package is in web/package/dist; npm pack makes one file of it.");
