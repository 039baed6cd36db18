/** A photo that is looked at again: when, where, and what stays when that fails. The model is a stand-in that answers with discs. */
import { expect, test, vi } from "vitest";
import { CloserImage } from "../../src/engine/closer";
import { boxOf, regionAround } from "../../src/engine/core/lookAgain";
import type { LowResMask, Prompt, PromptBox, Region } from "../../src/engine/core/prompt";
import { EngineError } from "../../src/engine/errors";
import type { EncodedImage, Segmenter } from "../../src/engine/segmenter";

const size = 64;
const photo = { width: 400, height: 400 };

/** A disc over a square of the photo that the grid covers, in photo pixels. */
function disc(x: number, y: number, radius: number, { x: left, y: top, side }: Region): LowResMask {
  const cell = side / size;
  const logits = Float32Array.from({ length: size ** 2 }, (_, i) => {
    const [px, py] = [left + ((i % size) + 0.5) * cell, top + (Math.floor(i / size) + 0.5) * cell];
    return radius - Math.hypot(px - x, py - y);
  });
  return { logits, size };
}

/** The object is a disc of `radius` around (100, 120); from afar it looks larger. */
function model({ radius = 10, near = 10, fault = null as EngineError | null } = {}) {
  const asked: { region: Region | null; prompt: Prompt }[] = [];
  const cuts: Region[] = [];
  const released: (Region | null)[] = [];
  const image = (region: Region | null): EncodedImage =>
    ({
      width: region?.side ?? photo.width,
      height: region?.side ?? photo.height,
      segment: async (prompt: Prompt) => {
        asked.push({ region, prompt });
        const over = region ?? { x: 0, y: 0, side: 400 };
        const grown = region ? near : radius * 1.3;
        const masks = [0.4, 1, 2.5].map((part) => disc(100, 120, grown * part, over));
        return { masks, scores: region ? [0.5, 0.9, 0.6] : [0.3, 0.7, 0.4], tokens: [1, 2, 3], best: 1 };
      },
      release: () => released.push(region),
    }) as unknown as EncodedImage;
  const close = vi.fn();
  const segmenter = {
    info: { model: { id: "m", input_size: 4 * size, mask_threshold: 0 } },
    encode: async (_: unknown, options: unknown) => {
      expect(options).toMatchObject({ behind: true });
      if (fault) throw fault;
      return image(cuts.at(-1)!);
    },
  } as unknown as Segmenter;
  const cut = async (region: Region) => {
    cuts.push(region);
    return { close } as unknown as ImageBitmap;
  };
  return { closer: new CloserImage(segmenter, image(null), cut), asked, cuts, released, close };
}

const tap: Prompt = { points: [{ x: 100, y: 120, label: 1 }] };

test("a small thing is looked at again in a region of its own, the tap being all that is asked", async () => {
  const { closer, asked, cuts, close } = model();
  const first = await closer.segment(tap);
  const second = (await closer.lookAgain(tap, first))!;
  const [region] = cuts;
  expect(region).toEqual(regionAround(boxOf(first.masks[1]!, photo, 256)!, photo));
  const { x, y } = region!;
  expect(asked[1]).toEqual({
    region,
    prompt: { points: [{ x: 100.5 - x, y: 120.5 - y, label: 1 }], box: undefined, mask: null },
  });
  expect(second.masks.map(({ region: of }) => of)).toEqual([region, region, region]);
  expect([second.best, second.scores]).toEqual([1, [0.5, 0.9, 0.6]]);
  const width = ({ x1, x2 }: PromptBox): number => x2 + 1 - x1;
  expect(width(boxOf(first.masks[1]!, photo, 256)!)).toBeGreaterThan(24);
  expect(width(boxOf(second.masks[1]!, photo, 256)!)).toBeLessThan(22);
  expect(close).toHaveBeenCalledOnce();
});

test("a box is asked in its region with the first answer given along", async () => {
  const { closer, asked } = model();
  const box: Prompt = { points: [], box: { x1: 88, y1: 108, x2: 111, y2: 131 } };
  const second = (await closer.lookAgain(box, await closer.segment(box)))!;
  expect(asked[1]!.prompt.mask!.logits.some((logit) => logit > 0)).toBe(true);
  expect(second.masks[1]!.region).toEqual(asked[1]!.region);
});

test("a large thing is not", async () => {
  const { closer, cuts } = model({ radius: 80 });
  expect(await closer.lookAgain(tap, await closer.segment(tap))).toBeNull();
  expect(cuts).toEqual([]);
});

test("an answer that means something else does not take the first one's place", async () => {
  const { closer, cuts } = model({ radius: 10, near: 1 });
  expect(await closer.lookAgain(tap, await closer.segment(tap))).toBeNull();
  expect(cuts).toHaveLength(1);
});

test("a further tap in the region is answered there, from what is encoded already", async () => {
  const { closer, asked, cuts } = model();
  const second = (await closer.lookAgain(tap, await closer.segment(tap)))!;
  const mask = second.masks[1]!;
  const further = await closer.segment({ points: [...tap.points, { x: 112, y: 120, label: 0 }], mask });
  expect(cuts).toHaveLength(1);
  expect(asked.at(-1)!.region).toEqual(cuts[0]);
  expect([...asked.at(-1)!.prompt.mask!.logits]).toEqual([...mask.logits]);
  expect(further.masks[further.best]!.region).toEqual(cuts[0]);
});

test("a further tap outside of the region, or where it cannot be encoded, is answered by the whole photo", async () => {
  const whole = model();
  const mask = { ...disc(100, 120, 10, { x: 68, y: 88, side: 64 }), region: { x: 68, y: 88, side: 64 } };
  await whole.closer.segment({ points: [...tap.points, { x: 300, y: 300, label: 0 }], mask });
  expect(whole.asked.map(({ region }) => region)).toEqual([null]);
  const broken = model({ fault: new EngineError("out-of-memory", "full") });
  const answer = await broken.closer.segment({ ...tap, mask });
  expect(answer.masks[1]!.region).toBeUndefined();
  await expect(broken.closer.lookAgain(tap, answer)).rejects.toMatchObject({ code: "out-of-memory" });
});

/** A tap on a disc of 80 pixels that seems three times as large from afar: nothing small, but seen whole in a view of 200. */
const joined = () => model({ radius: 240 / 1.3, near: 40 });
const view: Region = { x: 20, y: 40, side: 200 };

test("what is seen whole in the person's view is the answer; what is not stays that of the first look", async () => {
  const { closer, asked, cuts } = joined();
  const first = await closer.segment({ ...tap, view });
  const second = (await closer.lookAgain({ ...tap, view }, first))!;
  expect(cuts).toEqual([view]);
  expect(asked[1]).toEqual({
    region: view,
    prompt: { points: [{ x: 80.5, y: 80.5, label: 1 }], box: undefined, mask: null },
  });
  // The third candidate, of 100 pixels around its middle, goes on beyond the view.
  expect(second.masks.map(({ region }) => region)).toEqual([view, view, undefined]);
  expect([second.best, second.scores]).toEqual([1, [0.5, 0.9, 0.4]]);
  expect(boxOf(second.masks[1]!, photo, 256)).toEqual({ x1: 60, y1: 80, x2: 138, y2: 158 });
});

test.each<[string, Prompt]>([
  ["that cuts what is seen", { ...tap, view: { x: 70, y: 90, side: 70 } }],
  ["that does not hold the tap", { ...tap, view: { x: 101, y: 40, side: 200 } }],
  ["that does not hold the box", { points: [], box: { x1: 10, y1: 60, x2: 190, y2: 190 }, view }],
  ["that is none", { ...tap, view: null }],
])("a view %s leaves the first answer", async (_, prompt) => {
  const { closer } = joined();
  expect(await closer.lookAgain(prompt, await closer.segment(prompt))).toBeNull();
});

test("what is small is looked at in a region of its own, whatever the view", async () => {
  const { closer, cuts } = model();
  const first = await closer.segment({ ...tap, view });
  await closer.lookAgain({ ...tap, view }, first);
  expect(cuts).toEqual([regionAround(boxOf(first.masks[1]!, photo, 256)!, photo)]);
});

test("further taps in a view are answered there, and other questions from there encode nothing anew", async () => {
  const { closer, cuts } = joined();
  const second = (await closer.lookAgain({ ...tap, view }, await closer.segment({ ...tap, view })))!;
  const points = [...tap.points, { x: 150, y: 120, label: 0 as const }];
  const further = await closer.segment({ points, mask: second.masks[1]!, view });
  expect(further.masks[further.best]!.region).toEqual(view);
  expect(await closer.lookAgain({ points, mask: second.masks[1]!, view }, further)).toBeNull();
  const other: Prompt = { points: [{ x: 110, y: 130, label: 1 }], view };
  expect(await closer.lookAgain(other, await closer.segment(other))).not.toBeNull();
  expect(cuts).toEqual([view]);
});

test("few regions stay encoded, and none after the photo's release", async () => {
  const { closer, cuts, released } = model();
  const first = await closer.segment(tap);
  for (let i = 0; i < 5; i++)
    await closer.lookAgain({ points: [], box: { x1: 85 + 4 * i, y1: 105, x2: 115 + 4 * i, y2: 135 } }, first);
  expect(released).toEqual(cuts.slice(0, 2));
  closer.release();
  await Promise.resolve();
  expect(released).toHaveLength(6);
});
