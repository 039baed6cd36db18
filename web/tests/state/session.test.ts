import { expect, test, vi } from "vitest";
import { EngineError, type Segmenter } from "../../src/engine/segmenter";
import type { Photo } from "../../src/state/photo";
import { Session } from "../../src/state/session";

test("a large photo that reaches the model without its pixels is read once more, and sent in another way", async () => {
  const bitmaps = [{ close: vi.fn() }, { close: vi.fn() }];
  let read = 0;
  const photo = {
    width: 40,
    height: 30,
    forEncoder: async () => ({ source: bitmaps[read++]!, transfer: true }),
  } as unknown as Photo;
  const encode = vi.fn(async (_: unknown, { transfer }: { transfer?: boolean }) => {
    if (transfer) throw new EngineError("bad-input", "The picture arrived without its pixels.");
    return { release: () => undefined };
  });
  const info = { model: { id: "tiny", input_size: 64, mask_threshold: 0 }, variant: "fp32" };
  const session = new Session(photo, () => undefined);
  await session.encode({ info, encode } as unknown as Segmenter);
  expect(session.encoded.value).toBe(true);
  expect(encode.mock.calls.map(([source, { transfer }]) => [source, transfer])).toEqual([
    [bitmaps[0], true],
    [bitmaps[1], undefined],
  ]);
  expect(bitmaps[1]!.close).toHaveBeenCalledOnce();
});
