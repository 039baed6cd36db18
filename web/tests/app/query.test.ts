import { describe, expect, it } from "vitest";
import { formatBytes } from "../../src/state/download";
import { readQuery } from "../../src/app/query";

const base = "https://example.org/tapmask/";
const read = (search: string) => readQuery(new URL(search, base), base);

describe("readQuery", () => {
  it("uses the built-in model, beside the page, by default", () => {
    expect(read("")).toEqual({
      choice: {
        manifest: new URL("https://example.org/tapmask/models/manifest.json"),
        model: undefined,
        variant: undefined,
        providers: undefined,
      },
      foreignManifest: false,
      rawMasks: false,
      looksOnce: false,
    });
  });

  it("takes one provider, a model and a variant", () => {
    expect(read("?provider=wasm&model=big&variant=int8").choice).toMatchObject({
      providers: ["wasm"],
      model: "big",
      variant: "int8",
    });
    expect(read("?provider=abacus").choice.providers).toBeUndefined();
  });

  it("takes a manifest of its own origin only", () => {
    expect(read("?manifest=/other/manifest.json").choice.manifest.href).toBe("https://example.org/other/manifest.json");
    const foreign = read("?manifest=https://elsewhere.org/manifest.json");
    expect(foreign.foreignManifest).toBe(true);
    expect(foreign.choice.manifest.origin).toBe("https://example.org");
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 bytes"],
    [980, "980 bytes"],
    [1200, "1.2 kB"],
    [94_000, "94 kB"],
    [5_677_040, "5.7 MB"],
  ])("%i", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});
