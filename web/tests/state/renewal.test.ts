/** When a worker is replaced. */
import { signal } from "@preact/signals";
import { expect, it, vi } from "vitest";
import type { Provider, Segmenter } from "../../src/engine/segmenter";
import { Renewal } from "../../src/state/renewal";

const megabyte = 2 ** 20;

/** An engine that read a photo, then went on as `worker` says. */
function setUp(provider: Provider) {
  const worker = { taps: 0, heap: 60 * megabyte };
  const make = () =>
    ({
      info: { provider },
      timings: { of: (kind: string) => ({ count: kind === "encode" ? 1 : worker.taps }) },
      memory: async () => ({ wasm: worker.heap, script: null }),
    }) as unknown as Segmenter;
  const segmenter = signal<Segmenter | null>(make());
  const renew = vi.fn(async () => void (segmenter.value = make()));
  const quiet = signal(true);
  new Renewal(() => [{ segmenter, renew }]).watch(quiet);
  /** Work, and a pause after it. */
  const pause = async () => {
    await new Promise(setImmediate);
    quiet.value = false;
    quiet.value = true;
    await new Promise(setImmediate);
  };
  return { worker, renew, quiet, pause };
}

it("one whose heap grows is replaced, once, and not for a photo of another shape", async () => {
  const { worker, renew, pause } = setUp("wasm-threads");
  await pause();
  worker.heap = 120 * megabyte;
  worker.taps = 5000;
  await pause();
  expect(renew).not.toHaveBeenCalled();
  worker.heap = 400 * megabyte;
  await pause();
  expect(renew).toHaveBeenCalledOnce();
  await pause();
  expect(renew).toHaveBeenCalledOnce();
});

it("one on WebGPU is replaced before its runs become too many", async () => {
  const { worker, renew, pause } = setUp("webgpu");
  worker.taps = 200;
  await pause();
  expect(renew).not.toHaveBeenCalled();
  worker.taps = 350;
  await pause();
  expect(renew).toHaveBeenCalledOnce();
});

it("nothing is replaced while somebody taps", async () => {
  const { worker, renew, quiet } = setUp("webgpu");
  quiet.value = false;
  worker.taps = 1000;
  await new Promise(setImmediate);
  expect(renew).not.toHaveBeenCalled();
});
