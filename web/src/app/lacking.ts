/** Browsers that are too old: what the page cannot do without, by name. */

const needed: Readonly<Record<string, (scope: typeof globalThis) => boolean>> = {
  WebAssembly: (scope) => typeof scope.WebAssembly === "object",
  "module workers": (scope) => typeof scope.Worker === "function",
  createImageBitmap: (scope) => typeof scope.createImageBitmap === "function",
  OffscreenCanvas: (scope) =>
    typeof scope.OffscreenCanvas === "function" && new scope.OffscreenCanvas(1, 1).getContext("2d") !== null,
};

/** @returns The names of what is missing; empty where the page can run. */
export const lacking = (scope: typeof globalThis = globalThis): readonly string[] =>
  Object.entries(needed)
    .filter(([, isThere]) => !isThere(scope))
    .map(([name]) => name);
