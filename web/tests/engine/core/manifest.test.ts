import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chooseVariant, ManifestError, parseManifest, type Manifest } from "../../../src/engine/core/manifest";
import { sampleManifest } from "../../support";

/** The sample with one thing wrong. */
const broken = (change: (manifest: Manifest) => void) => {
  const manifest = sampleManifest();
  change(manifest);
  return () => parseManifest(manifest);
};
const variant = (manifest: Manifest) => manifest.models[0]!.variants.fp32!;

test("a valid manifest is accepted, and fields of a later version do not disturb", () => {
  expect(parseManifest({ ...sampleManifest(), later: true }).default).toBe("tiny");
});

describe("what is wrong is named:", () => {
  test.each<[string, RegExp, (manifest: Manifest) => void]>([
    ["a file without bytes", /models\[0\]\.variants\.fp32\.encoder.*bytes/, (m) => Reflect.deleteProperty(variant(m).encoder, "bytes")],
    ["a sha256 that is none", /encoder\.sha256/, (m) => (variant(m).encoder.sha256 = "xyz")],
    ["a file outside the folder", /decoder\.file/, (m) => (variant(m).decoder.file = "../../other.0123abcd.onnx")],
    ["a file at another host", /decoder\.file/, (m) => (variant(m).decoder.file = "https://example.org/a.0123abcd.onnx")],
    ["a file name with another file's hash", /encoder\.file.*sha256/, (m) => (variant(m).encoder.sha256 = "c".repeat(64))],
    ["an unknown default", /no model "huge"/, (m) => (m.default = "huge")],
    ["an unknown instant model", /no model "quick"/, (m) => (m.instant = "quick")],
    ["an unknown default variant", /no variant "int4"/, (m) => (m.models[0]!.default_variant = "int4")],
    ["a schema of the future", /schema/, (m) => Object.assign(m, { schema: 2 })],
    ["an input nobody provides", /decoder\.inputs.*high_res/, (m) => variant(m).decoder.inputs.push({ name: "high_res", type: "float32", shape: [] })],
    ["lists of different lengths", /self_test\.logits\.value/, (m) => variant(m).self_test.logits.value.pop()],
    ["a self-test that tolerates nothing", /tolerance/, (m) => (variant(m).self_test.tolerance = 0)],
  ])("%s", (_, complaint, change) => {
    expect(broken(change)).toThrow(ManifestError);
    expect(broken(change)).toThrow(complaint);
  });

  test.each([null, [], "text", { models: [] }])("%j instead of a manifest", (json) => {
    expect(() => parseManifest(json)).toThrow(ManifestError);
  });
});

test("the model and variant asked for are chosen, or the defaults, or an error lists what there is", () => {
  const manifest = sampleManifest();
  expect(chooseVariant(manifest).name).toBe("fp32");
  expect(chooseVariant(manifest, "tiny", "fp32").model.id).toBe("tiny");
  expect(() => chooseVariant(manifest, "other")).toThrow(/It has: tiny/);
  expect(() => chooseVariant(manifest, "tiny", "constructor")).toThrow(/It has: fp32/);
});

const shipped = new URL("../../../public/models/manifest.json", import.meta.url);
test.runIf(existsSync(shipped))("the manifest that is shipped is valid", () => {
  parseManifest(JSON.parse(readFileSync(shipped, "utf8")));
});
