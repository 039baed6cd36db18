/** A GPU's device, and what goes to and comes from its memory. */
import { findAdapter } from "../adapter";
import type { Setup } from "../protocol";

/** What onnxruntime's kernels make use of when there is more than the default of it. */
const wanted = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBuffersPerShaderStage",
  "maxBindGroups",
] as const satisfies (keyof GPUSupportedLimits)[];

const features: GPUFeatureName[] = ["shader-f16", "subgroups"];

/** @throws Unsuitable */
export async function openGpu({ forced }: Pick<Setup, "forced">): Promise<{ device: GPUDevice; note: string }> {
  const adapter = await findAdapter({ forced });
  const { info, limits } = adapter;
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(wanted.map((name) => [name, limits[name]])),
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
  });
  const name = [info.vendor, info.architecture].filter(Boolean).join(" ");
  return { device, note: name ? `GPU: ${name}.` : "" };
}

/** A copy of a buffer's content, which stays where it is. @param bytes A multiple of four. */
export async function download(device: GPUDevice, buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  const copy = device.createBuffer({ size: bytes, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const commands = device.createCommandEncoder();
  commands.copyBufferToBuffer(buffer, 0, copy, 0, bytes);
  device.queue.submit([commands.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const content = copy.getMappedRange().slice(0);
  copy.destroy();
  return content;
}

/** A buffer that onnxruntime can read from. */
export function upload(device: GPUDevice, data: Float32Array<ArrayBuffer>): GPUBuffer {
  // Its kernels read whole vectors.
  const size = Math.ceil(data.byteLength / 16) * 16;
  const buffer = device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

/** Chromium's software adapter does not always call itself a fallback. */
