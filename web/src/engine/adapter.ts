/**
 * Asks the adapter, not `navigator.gpu`: the one exists in every new browser, the other only where there is a usable
 * GPU. The page asks before it fetches a model's files, the worker before it runs them.
 */

/** This machine lacks what the provider needs; that is no failure. */
export class Unsuitable extends Error {}

const needed = {
  /** MobileSAM's largest activation, with room to spare, and what most phones offer. */
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
} as const;

/**
 * The GPU that a model can run on.
 *
 * @param forced The caller insists on it: one that is emulated in software is good enough.
 * @throws Unsuitable
 */
export async function findAdapter({ forced }: { forced: boolean }): Promise<GPUAdapter> {
  if (!navigator.gpu) throw new Unsuitable("This browser has no WebGPU.");
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Unsuitable("There is no GPU that WebGPU can use.");
  const { info, limits } = adapter;
  if (isSoftware(info) && !forced)
    throw new Unsuitable("WebGPU is only emulated in software here, which is slower than WASM.");
  for (const [name, least] of Object.entries(needed) as [keyof typeof needed, number][])
    if (limits[name] < least) throw new Unsuitable(`The GPU's ${name} is ${limits[name]}, the model needs ${least}.`);
  return adapter;
}

const isSoftware = (info: GPUAdapterInfo): boolean =>
  info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(`${info.architecture} ${info.description}`);
