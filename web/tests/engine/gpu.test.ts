import { afterEach, expect, test, vi } from "vitest";
import { Unsuitable } from "../../src/engine/adapter";
import { openGpu } from "../../src/engine/worker/gpu";

const limits = { maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 30, maxBindGroups: 4 };

/** A machine with this adapter; `change` makes it worse. */
function machineWith(change: { info?: object; limits?: object; features?: string[] } = {}) {
  const asked: GPUDeviceDescriptor[] = [];
  const adapter = {
    info: { vendor: "acme", architecture: "rocket-1", description: "", isFallbackAdapter: false, ...change.info },
    limits: { ...limits, ...change.limits },
    features: new Set(change.features),
    requestDevice: async (descriptor: GPUDeviceDescriptor) => (
      asked.push(descriptor),
      { lost: new Promise(() => undefined) }
    ),
  };
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => adapter } });
  return asked;
}
afterEach(() => vi.unstubAllGlobals());

test.each([
  ["without WebGPU", {}, /no WebGPU/],
  ["without an adapter", { gpu: { requestAdapter: async () => null } }, /no GPU/],
])("a browser %s is told apart from a failure", async (_, navigator, reason) => {
  vi.stubGlobal("navigator", navigator);
  await expect(openGpu({ forced: true })).rejects.toThrow(Unsuitable);
  await expect(openGpu({ forced: true })).rejects.toThrow(reason);
});

test.each([{ isFallbackAdapter: true }, { architecture: "swiftshader" }, { description: "llvmpipe (LLVM 15)" }])(
  "a software adapter (%j) is used only on demand",
  async (info) => {
    machineWith({ info });
    await expect(openGpu({ forced: false })).rejects.toThrow(Unsuitable);
    expect((await openGpu({ forced: true })).device).toBeDefined();
  },
);

test("an adapter with small buffers is skipped, and the reason names the limit", async () => {
  machineWith({ limits: { maxStorageBufferBindingSize: 2 ** 20 } });
  await expect(openGpu({ forced: true })).rejects.toThrow(/maxStorageBufferBindingSize is 1048576/);
});

test("a good adapter's limits and half-precision shaders are asked for, where it has them", async () => {
  const asked = machineWith({ features: ["shader-f16", "timestamp-query"] });
  expect((await openGpu({ forced: false })).note).toMatch(/acme rocket-1/);
  expect(asked[0]).toMatchObject({ requiredFeatures: ["shader-f16"], requiredLimits: { maxBufferSize: 2 ** 30 } });
});
