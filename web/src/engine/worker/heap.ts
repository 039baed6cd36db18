/**
 * How much memory the runtime holds: it does not say so itself, so its heaps are noted when they are made. Import it
 * before the runtime.
 */
import type { Memory } from "../protocol";

const heaps: WebAssembly.Memory[] = [];

WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor);
    heaps.push(this);
  }
};

export function memoryUse(): Memory {
  const { memory } = performance as { memory?: { usedJSHeapSize: number } };
  return {
    wasm: heaps.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    script: memory?.usedJSHeapSize ?? null,
  };
}
