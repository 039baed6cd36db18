import { beforeEach, expect, test } from "vitest";
import { EngineError } from "../../src/engine/errors";
import { RunQueue } from "../../src/engine/queue";
import { deferred } from "./fakes";

let queue: RunQueue;
let log: string[];
beforeEach(() => {
  queue = new RunQueue();
  log = [];
});

/** Occupies the queue until released. */
function occupy() {
  const gate = deferred<void>();
  const done = queue.run("encode", () => gate.promise);
  return { release: gate.resolve, done };
}
const job = (name: string) => async () => {
  log.push(name);
  return name;
};
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: EngineError) => error.code,
  );

test("runs one thing at a time", async () => {
  const first = occupy();
  const second = queue.run("tap", job("second"));
  expect(log).toEqual([]);
  first.release();
  expect(await second).toBe("second");
});

test("serves encodes before taps and taps before hovers, whoever came first", async () => {
  const busy = occupy();
  const all = [
    queue.run("hover", job("hover"), { key: 1 }),
    queue.run("tap", job("tap"), { key: 1 }),
    queue.run("encode", job("encode")),
  ];
  busy.release();
  await Promise.all(all);
  expect(log).toEqual(["encode", "tap", "hover"]);
});

test("drops a waiting tap for a newer one, and tells the older", async () => {
  const busy = occupy();
  const older = queue.run("tap", job("older"), { key: 1 });
  const newer = queue.run("tap", job("newer"), { key: 1 });
  expect(await codeOf(older)).toBe("aborted");
  busy.release();
  expect(await newer).toBe("newer");
  expect(log).toEqual(["newer"]);
});

test("keeps a tap when a hover comes, and a tap on another photo", async () => {
  const busy = occupy();
  const all = [
    queue.run("tap", job("tap"), { key: 1 }),
    queue.run("tap", job("other photo"), { key: 2 }),
    queue.run("hover", job("hover"), { key: 1 }),
  ];
  busy.release();
  await Promise.all(all);
  expect(log).toEqual(["tap", "other photo", "hover"]);
});

test("never drops an encode", async () => {
  const busy = occupy();
  const all = [queue.run("encode", job("one")), queue.run("encode", job("two"))];
  busy.release();
  expect(await Promise.all(all)).toEqual(["one", "two"]);
});

test("never starts what was aborted while it waited", async () => {
  const busy = occupy();
  const abort = new AbortController();
  const waiting = queue.run("tap", job("aborted"), { signal: abort.signal });
  abort.abort();
  expect(await codeOf(waiting)).toBe("aborted");
  busy.release();
  await queue.run("tap", job("next"));
  expect(log).toEqual(["next"]);
});

test("drops the result of what was aborted while it ran, but waits for its end", async () => {
  const abort = new AbortController();
  const gate = deferred<void>();
  const first = queue.run("tap", () => gate.promise, { signal: abort.signal });
  const next = queue.run("tap", job("next"));
  abort.abort();
  expect(await codeOf(first)).toBe("aborted");
  expect(log).toEqual([]);
  gate.resolve();
  expect(await next).toBe("next");
});

test("goes on after a failure", async () => {
  const failed = queue.run("tap", () => Promise.reject(new EngineError("out-of-memory", "full")));
  const next = queue.run("tap", job("next"));
  expect(await codeOf(failed)).toBe("out-of-memory");
  expect(await next).toBe("next");
});

test("rejects what runs, what waits and what comes after it is closed", async () => {
  const running = occupy();
  const waiting = queue.run("hover", job("waiting"));
  expect(queue.close(new EngineError("provider-lost", "gone"))).toBe(true);
  expect(queue.close(new EngineError("aborted", "again"))).toBe(false);
  expect(await codeOf(running.done)).toBe("provider-lost");
  expect(await codeOf(waiting)).toBe("provider-lost");
  expect(await codeOf(queue.run("tap", job("late")))).toBe("provider-lost");
});
