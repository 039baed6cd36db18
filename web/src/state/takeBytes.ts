/**
 * Takes the bytes of a file once, when it comes: what a picker, a drop or a share hands over only says where they are.
 */
import { PixelError } from "../workers/decode/client";
import { failureCode } from "../workers/shared/failure";

/** No photo that can be opened is larger; a video that was dropped by mistake must not fill the memory. */
const maxBytes = 2 ** 29;

/** The same file, which stays readable whatever becomes of the one on the disk. @throws PixelError */
export async function takeBytes(file: Blob): Promise<Blob> {
  if (file.size > maxBytes) return file;
  const bytes = await file.arrayBuffer().catch((error: unknown) => {
    throw new PixelError(failureCode(error));
  });
  const { type } = file;
  return file instanceof File
    ? new File([bytes], file.name, { type, lastModified: file.lastModified })
    : new Blob([bytes], { type });
}
