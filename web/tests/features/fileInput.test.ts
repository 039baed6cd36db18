import { afterAll, beforeEach, expect, it, vi } from "vitest";

vi.stubGlobal("matchMedia", () => ({ matches: true }));
const page = new EventTarget();
vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
class FakeElement {
  readonly isContentEditable = false;

  constructor(
    readonly tagName: string,
    readonly type = "",
  ) {}
}
vi.stubGlobal("HTMLElement", FakeElement);
const { listenForFiles } = await import("../../src/features/open/fileInput");
afterAll(() => vi.unstubAllGlobals());

const open = vi.fn();
const onAddress = vi.fn();
listenForFiles(open, onAddress);
const forget = () => [open, onAddress].forEach((mock) => mock.mockClear());
beforeEach(forget);

const picture = new File(["pixels"], "copied.png", { type: "image/png" });
const [field, slider, canvas] = [
  new FakeElement("INPUT", "text"),
  new FakeElement("INPUT", "range"),
  new FakeElement("CANVAS"),
];

/** Lets go of what the clipboard or the pointer holds over an element. @returns Whether the page took it. */
function give(
  kind: "paste" | "drop",
  target: FakeElement,
  types: readonly string[],
  files: readonly File[] = [picture],
): boolean {
  forget();
  const data = { files, types };
  const event = new Event(kind, { cancelable: true });
  Object.defineProperties(event, {
    target: { value: target },
    clipboardData: { value: data },
    dataTransfer: { value: data },
  });
  page.dispatchEvent(event);
  expect(open.mock.calls.length + onAddress.mock.calls.length > 0).toBe(event.defaultPrevented);
  return event.defaultPrevented;
}

it("a field keeps what is pasted, though a picture comes with the text", () => {
  expect(give("paste", field, ["text/plain", "Files"])).toBe(false);
  expect(give("paste", slider, ["text/plain", "Files"])).toBe(true);
  expect(open).toHaveBeenCalledWith([picture]);
});

it("a field keeps text that is dropped with a picture; a picture alone opens wherever it is dropped", () => {
  expect(give("drop", field, ["text/plain", "Files"])).toBe(false);
  expect(give("drop", field, ["Files"])).toBe(true);
});

it("a picture that is pasted on the photo opens, and text alone does nothing", () => {
  expect(give("paste", canvas, ["text/plain", "Files"])).toBe(true);
  expect(give("paste", canvas, ["text/plain"], [])).toBe(false);
});

it("a picture of which only the address is dropped is answered, outside of fields", () => {
  const types = ["text/uri-list", "text/plain"];
  expect(give("drop", canvas, types, [])).toBe(true);
  expect(open).not.toHaveBeenCalled();
  expect(onAddress).toHaveBeenCalledOnce();
  expect(give("drop", field, types, [])).toBe(false);
  expect(give("drop", canvas, ["text/plain"], [])).toBe(false);
  expect(give("drop", canvas, [...types, "Files"])).toBe(true);
  expect(open).toHaveBeenCalledOnce();
});
