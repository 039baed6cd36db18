/** The page's side of the pixel worker. */
import { wrap, type Remote } from "comlink";
import { mend } from "./mend";
import type { Decoded, MaskedPhoto, PixelApi, PixelErrorCode, PixelOutcome } from "./shared/protocol";

export type { Decoded, MaskedPhoto, PixelErrorCode, Remark, Shapes } from "./shared/protocol";

export class PixelError extends Error {
  override readonly name = "PixelError";

  constructor(readonly code: PixelErrorCode) {
    super(code);
  }
}

interface Connection {
  readonly api: Remote<PixelApi>;
  readonly died: Promise<PixelOutcome<never>>;
}

let connection: Connection | null = null;

/** Pictures that can be decoded, in the place of files of which only a part can be read. */
const mended = new WeakMap<Blob, Blob>();

/** Decodes a photo upright. @throws PixelError */
export async function decode(blob: Blob): Promise<Decoded> {
  const decoded = await readable(blob, (file) => call((api) => api.decode(file)));
  return mended.has(blob) ? { ...decoded, remark: "cut-off" } : decoded;
}

/** The photo at its own resolution, decoded again. @throws PixelError */
export const decodeFull = (blob: Blob): Promise<ImageBitmap> => readable(blob, (file) => call((api) => api.full(file)));

/** The object on a transparent background, as PNG: as large as the photo, or as its mask. @throws PixelError */
export const cutoutPng = (photo: MaskedPhoto, crop: boolean): Promise<Blob> =>
  readable(photo.blob, (blob) => call((api) => api.cutout({ ...photo, blob }, crop)));

/** The mask as 8-bit grey PNG, as large as the photo. @throws PixelError */
export const maskPng = (photo: MaskedPhoto): Promise<Blob> =>
  readable(photo.blob, (blob) => call((api) => api.mask({ ...photo, blob })));

/** Works on a file; where it cannot be decoded, on what can be shown of it. */
async function readable<T>(blob: Blob, work: (blob: Blob) => Promise<T>): Promise<T> {
  try {
    return await work(mended.get(blob) ?? blob);
  } catch (error) {
    const isDamaged = error instanceof PixelError && error.code === "undecodable" && !mended.has(blob);
    const picture = isDamaged ? await mend(blob) : null;
    if (!picture) throw error;
    mended.set(blob, picture);
    return work(picture);
  }
}

async function call<T>(ask: (api: Remote<PixelApi>) => Promise<PixelOutcome<T>>): Promise<T> {
  connection ??= connect();
  const { api, died } = connection;
  const outcome = await Promise.race([ask(api), died]);
  if (outcome.ok) return outcome.value;
  throw new PixelError(outcome.code);
}

/** A worker may just die, without a word; the next call gets a fresh one. */
function connect(): Connection {
  const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module", name: "tapmask-pixels" });
  const died = new Promise<PixelOutcome<never>>((resolve) => {
    worker.addEventListener("error", () => {
      connection = null;
      worker.terminate();
      resolve({ ok: false, code: "failed" });
    });
  });
  return { api: wrap<PixelApi>(worker), died };
}
