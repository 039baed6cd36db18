/**
 * Writes the manifest's TypeScript types from contract/manifest.schema.json; with --check it only says whether they are
 * up to date.
 *
 *     node web/contract.mjs [--check]
 */
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const source = new URL("../contract/manifest.schema.json", import.meta.url);
const target = new URL("src/engine/core/contract.ts", import.meta.url);
const banner = "/** Made from contract/manifest.schema.json by `npm run contract`. */";

/**
 * `[T, ...T[]]` for a list that has at least one entry would be in the way wherever such a list is made by `map` or
 * `filter`.
 *
 * @param {unknown} schema
 * @returns {unknown}
 */
function withoutOpenMinimum(schema) {
  if (Array.isArray(schema)) return schema.map(withoutOpenMinimum);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => key !== "minItems" || "maxItems" in schema);
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutOpenMinimum(value)]));
}

const schema = /** @type {import("json-schema-to-typescript").JSONSchema} */ (
  withoutOpenMinimum(JSON.parse(await readFile(source, "utf8")))
);
const types = await compile({ ...schema, title: "Manifest" }, "Manifest", {
  additionalProperties: false,
  bannerComment: banner,
  style: { printWidth: 120 },
});
const present = await readFile(target, "utf8").catch(() => "");

if (types === present) console.log("The manifest's types are up to date.");
else if (process.argv.includes("--check")) {
  console.error(
    "web/src/engine/core/contract.ts is not what contract/manifest.schema.json says: run `npm run contract`.",
  );
  process.exitCode = 1;
} else await writeFile(target, types);
