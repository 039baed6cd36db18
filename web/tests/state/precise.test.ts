/** When the second model is loaded, and when it goes. */
import { signal } from "@preact/signals";
import { afterEach, expect, test, vi } from "vitest";
import { EngineError, type Segmenter } from "../../src/engine/segmenter";
import type { EngineChoice, EnginePhase } from "../../src/state/engine";
import { Precise, type Behind } from "../../src/state/precise";
import { chooseTiers, preciseIsKept, suggested, type Means } from "../../src/state/tierChoice";

afterEach(() => {
  preciseIsKept.value = false;
  chooseTiers("both");
  vi.unstubAllGlobals();
});

const segmenterOf = (id: string, finer: string | null = null) =>
  ({ info: { model: { id }, finer } }) as unknown as Segmenter;

/** Engines that load until the test says otherwise. */
function setUp(isKept = async () => false) {
  const first = {
    segmenter: signal<Segmenter | null>(null),
    manifest: new URL("https://app.test/manifest.json"),
    providers: undefined,
  };
  const made: (Behind & { choice: EngineChoice; phase: { value: EnginePhase } })[] = [];
  const precise = new Precise(
    first,
    (choice) => {
      const phase = signal<EnginePhase>({ state: "loading", progress: null });
      const segmenter = signal<Segmenter | null>(null);
      const engine = {
        choice,
        phase,
        segmenter,
        load: vi.fn(async () => undefined),
        stop: vi.fn(),
        isFree: true,
        beside: vi.fn(),
        renew: vi.fn(),
      };
      made.push(engine);
      return engine;
    },
    isKept,
  );
  return { first, made, precise };
}

test("it is loaded once the fast one runs, and stays while that is started again", () => {
  const { first, made, precise } = setUp();
  expect([precise.state.value, made.length]).toEqual(["off", 0]);
  first.segmenter.value = segmenterOf("quick", "fine");
  expect(made.map(({ choice }) => choice.model)).toEqual(["fine"]);
  expect(made[0]!.load).toHaveBeenCalledOnce();
  expect(precise.state.value).toBe("loading");
  first.segmenter.value = null;
  first.segmenter.value = segmenterOf("quick", "fine");
  expect(made).toHaveLength(1);
});

test("where one model does it all there is none", () => {
  const { first, made, precise } = setUp();
  first.segmenter.value = segmenterOf("fine");
  expect([precise.state.value, made.length]).toEqual(["off", 0]);
});

test("the person's choice is obeyed at once", () => {
  const { first, made, precise } = setUp();
  first.segmenter.value = segmenterOf("quick", "fine");
  chooseTiers("fast");
  expect(made[0]!.stop).toHaveBeenCalledOnce();
  expect(precise.state.value).toBe("off");
  chooseTiers("both");
  expect(made).toHaveLength(2);
});

test("without memory it is stopped, says so, and can be tried again", () => {
  const { first, made, precise } = setUp();
  first.segmenter.value = segmenterOf("quick", "fine");
  precise.report(new EngineError("bad-input", "this photo only"));
  expect(precise.state.value).toBe("loading");
  const full = new EngineError("out-of-memory", "full");
  precise.report(full);
  expect(made[0]!.stop).toHaveBeenCalledOnce();
  expect([precise.state.value, precise.problem.value]).toEqual(["failed", full]);
  first.segmenter.value = segmenterOf("quick", "fine");
  expect(made).toHaveLength(1);
  precise.retry();
  expect([precise.state.value, made.length]).toEqual(["loading", 2]);
});

test("a start that fails is told", () => {
  const { first, made, precise } = setUp();
  first.segmenter.value = segmenterOf("quick", "fine");
  const error = new EngineError("download", "the connection failed");
  made[0]!.phase.value = { state: "failed", error };
  expect([precise.state.value, precise.problem.value]).toEqual(["failed", error]);
});

test("files that could not be fetched are fetched when there is a network again", () => {
  const hear = vi.fn<(type: string, listener: () => void) => void>();
  vi.stubGlobal("addEventListener", hear);
  const { first, made, precise } = setUp();
  first.segmenter.value = segmenterOf("quick", "fine");
  made[0]!.phase.value = { state: "failed", error: new EngineError("download", "the connection failed") };
  expect(hear.mock.calls.map(([type]) => type)).toEqual(["online"]);
  hear.mock.calls[0]![1]();
  expect([precise.state.value, made.length]).toEqual(["loading", 2]);
});

test.each<[Means, string]>([
  [{}, "both"],
  [{ connection: {}, deviceMemory: 8 }, "both"],
  [{ connection: { effectiveType: "4g", type: "wifi", saveData: false }, deviceMemory: 4 }, "both"],
  [{ deviceMemory: 2 }, "fast"],
  [{ connection: { saveData: true } }, "fast"],
  [{ connection: { type: "cellular" } }, "fast"],
  [{ connection: { effectiveType: "slow-2g" } }, "fast"],
])("of a browser that says %j: %s", (means, choice) => expect(suggested(means)).toBe(choice));

test.each<[Means, string]>([
  [{ connection: { effectiveType: "2g" } }, "both"],
  [{ connection: { saveData: true } }, "both"],
  [{ deviceMemory: 2 }, "fast"],
])("of a browser that says %j and has the precise model's files: %s", (means, choice) =>
  expect(suggested(means, true)).toBe(choice),
);

test("where its files are on the device, that is found out", async () => {
  chooseTiers("fast");
  const { first } = setUp(async () => true);
  first.segmenter.value = segmenterOf("quick", "fine");
  await vi.waitFor(() => expect(preciseIsKept.value).toBe(true));
});
