import { expect, it } from "vitest";
import { inBlobs, inBytes } from "../../src/features/library/bytes";

const record = {
  id: "a",
  name: "cup.jpg",
  added: 1,
  blob: new File([Uint8Array.of(9, 8, 7)], "cup.jpg", { type: "image/jpeg" }),
  thumbnail: new Blob([Uint8Array.of(1)], { type: "image/png" }),
};

it("a photo comes back out of bytes with its name, its type and its thumbnail", async () => {
  const stored = structuredClone(await inBytes(record));
  const back = inBlobs(stored);
  expect(back).toMatchObject({ id: "a", name: "cup.jpg", added: 1 });
  expect(back.blob).toMatchObject({ name: "cup.jpg", type: "image/jpeg" });
  expect([...new Uint8Array(await back.blob.arrayBuffer())]).toEqual([9, 8, 7]);
  expect(back.thumbnail).toMatchObject({ size: 1, type: "image/png" });
});

it("a photo without a thumbnail has none, and blobs stay what they are", async () => {
  expect(inBlobs(await inBytes({ ...record, thumbnail: null })).thumbnail).toBeNull();
  expect(inBlobs(record).blob).toBe(record.blob);
});
