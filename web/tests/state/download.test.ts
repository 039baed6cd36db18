import { afterEach, expect, it, vi } from "vitest";
import { download } from "../../src/state/download";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it.each([["cup-cutout.webp", "image/webp"], ["cup.svg", "image/svg+xml"]])("%s is saved under its name, and as nothing that a browser would show", async (name, type) => {
  vi.useFakeTimers();
  const link = { href: "", download: "", click: vi.fn() };
  vi.stubGlobal("document", { createElement: () => link });
  const offered = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:one");
  const freed = vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  download({ name, blob: new Blob(["content"], { type }) });
  expect(link).toMatchObject({ href: "blob:one", download: name });
  expect(link.click).toHaveBeenCalledOnce();
  const blob = offered.mock.calls[0]![0] as Blob;
  expect([blob.type, await blob.text()]).toEqual(["application/octet-stream", "content"]);
  vi.runAllTimers();
  expect(freed).toHaveBeenCalledWith("blob:one");
});
