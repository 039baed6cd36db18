/** Photos as bytes, for databases that take no blobs: those of WebKit's private windows. */
import type { PhotoRecord } from "./store";

interface Bytes {
  readonly bytes: ArrayBuffer;
  readonly type: string;
}

/** A photo's record without blobs in it. */
export type RecordInBytes = Omit<PhotoRecord, "blob" | "thumbnail"> & {
  readonly blob: Bytes;
  readonly thumbnail: Bytes | null;
};

const toBytes = async (blob: Blob): Promise<Bytes> => ({ bytes: await blob.arrayBuffer(), type: blob.type });

export const inBytes = async (record: PhotoRecord): Promise<RecordInBytes> => ({
  ...record,
  blob: await toBytes(record.blob),
  thumbnail: record.thumbnail && (await toBytes(record.thumbnail)),
});

/** With blobs, however it was stored. What is neither stays as it is: whoever reads it has to check it. */
export const inBlobs = (record: PhotoRecord | RecordInBytes): PhotoRecord =>
  ({
    ...record,
    blob: isBytes(record.blob) ? new File([record.blob.bytes], record.name, { type: record.blob.type }) : record.blob,
    thumbnail: isBytes(record.thumbnail)
      ? new Blob([record.thumbnail.bytes], { type: record.thumbnail.type })
      : record.thumbnail,
  }) as PhotoRecord;

const isBytes = (value: unknown): value is Bytes =>
  typeof value === "object" && value !== null && "bytes" in value && value.bytes instanceof ArrayBuffer;
