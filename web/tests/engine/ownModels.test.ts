import { expect, it, vi } from "vitest";
import { bringModel } from "../../src/engine/ownModels";
import { fakeMachine, running } from "./fakes";

it("two files that are still being tried after minutes are given up", async () => {
  vi.useFakeTimers();
  try {
    const { machine, workers } = fakeMachine(async () => running, { inspect: () => new Promise(() => undefined) });
    const files = ["encoder", "decoder"].map((part) => new File([part], `${part}.onnx`)) as [File, File];
    const brought = expect(bringModel(files, null, machine)).rejects.toMatchObject({ code: "provider-lost" });
    await vi.waitUntil(() => workers.length === 1);
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    await brought;
    expect(workers[0]!.terminated).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
