/**
 * Lets the built package find its own files, wherever it lies.
 *
 * Each address is written as `new URL("./name", import.meta.url)`: a browser takes it as it stands, and every bundler
 * knows it for a file to bring along. Vite's own library builds would put the files into the code, or refer to them in
 * a way that only Vite reads.
 */

/** Stands for an address until the code is final, so that this build does not follow it. */
const address = (/** @type {string} */ name) => `tapmaskAddress(${JSON.stringify(name)})`;

/**
 * @param {(file: string) => void} onFile Called with the specifier of each file that the package must hold.
 * @returns {import("vite").Plugin}
 */
export const addresses = (onFile) => ({
  name: "tapmask-addresses",
  enforce: "pre",
  resolveId: (source) => (source.endsWith("?url") ? `\0${source}` : null),
  load(id) {
    if (!id.startsWith("\0") || !id.endsWith("?url")) return null;
    const file = id.slice(1, -"?url".length);
    onFile(file);
    return `export default ${address(file.slice(file.lastIndexOf("/") + 1))}.href;`;
  },
  transform: (code) => code.replaceAll('new URL("./worker/worker.ts", import.meta.url)', address("worker.js")),
  renderChunk: (code) =>
    code
      // onnxruntime-web asks for its own address by a name that it has only before it is bundled.
      .replaceAll(/new URL\("ort\.\w+\.min\.mjs", import\.meta\.url\)\.href/g, "import.meta.url")
      .replaceAll(/tapmaskAddress\("([^"]+)"\)/g, 'new URL("./$1", import.meta.url)'),
});
