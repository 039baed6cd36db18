/**
 * Bitmaps on their way to the worker. They are transferred, never cloned: WebKit's clone of a bitmap that came from
 * another worker may hold nothing but zeros.
 */
import type { SelfTest } from "./core/manifest";
import { selfTestRgba } from "./core/selftest";
import { EngineError } from "./errors";

/** The self-test's picture. Null where no bitmap can be made of it. */
export async function selfTestBitmap({ width, height }: SelfTest): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(new ImageData(selfTestRgba(width, height), width, height));
  } catch {
    return null;
  }
}

/** @throws EngineError `bad-input` where the bitmap was closed. */
export const copyBitmap = (bitmap: ImageBitmap): Promise<ImageBitmap> =>
  createImageBitmap(bitmap).catch((error: unknown) => refuse(error));

/** The pixels, which takes a second copy of the whole picture. @throws EngineError `bad-input` or `out-of-memory` */
export function pixelsOf(bitmap: ImageBitmap): ImageData {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new EngineError("out-of-memory", "There is not enough memory for the pixels of this picture.");
  try {
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, height);
  } catch (error) {
    if (error instanceof RangeError)
      throw new EngineError("out-of-memory", "There is not enough memory for the pixels of this picture.", {
        cause: error,
      });
    return refuse(error);
  }
}

function refuse(error: unknown): never {
  throw new EngineError(
    "bad-input",
    `The picture cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  );
}
