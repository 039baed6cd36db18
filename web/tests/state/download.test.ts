import { afterEach, expect, it, vi } from "vitest";
import { download } from "../../src/state/download";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it.each([
  ["cup-cutout.webp", "image/webp"],
  ["cup.svg", "image/svg+xml"],
])("%s is saved under its name, and as nothing that a browser would show", async (name, type) => {
  vi.useFakeTimers();
  const link = { href: "", download: "", click: vi.fn() };
  vi.stubGlobal("document", { createElement: () => link });
  vi.stubGlobal("navigator", {
    userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
  });
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

it.each([
  ["cup-cutout.webp", "cup-cutout.webp "],
  ["cup.svg", "cup.svg"],
])("Firefox, which would show a WebP, saves %s", (name, asked) => {
  vi.useFakeTimers();
  const link = { href: "", download: "", click: vi.fn() };
  vi.stubGlobal("document", { createElement: () => link });
  vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0" });
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:one");
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  download({ name, blob: new Blob(["content"]) });
  expect(link.download).toBe(asked);
});
