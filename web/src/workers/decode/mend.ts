/**
 * Files of which only a part can be read. What a browser refuses to decode it still shows in an `<img>`, as far as it
 * comes.
 */

/** As the decoders of JPEG fill what is missing. */
const grey = "rgb(128 128 128)";

/** @returns The picture as a whole PNG, grey in the rows that are missing at its end. Null: nothing of it is shown. */
export async function mend(blob: Blob): Promise<Blob | null> {
  // Without a type that the file may have been given by mistake.
  const address = URL.createObjectURL(blob.slice());
  try {
    const image = await shown(address);
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return null;
    context.drawImage(image, 0, 0);
    const rows = rowsRead(context.getImageData(0, 0, width, height));
    context.fillStyle = grey;
    context.fillRect(0, rows, width, height - rows);
    return rows ? await canvas.convertToBlob() : null;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(address);
  }
}

function shown(address: string): Promise<HTMLImageElement> {
  const image = new Image();
  return new Promise((resolve, reject) => {
    image.addEventListener("load", () => resolve(image));
    image.addEventListener("error", reject);
    image.src = address;
  });
}

/** The rows up to the last one that is not clear: so they are where nothing was written. Firefox has white there. */
const rowsRead = ({ width, data }: ImageData): number =>
  Math.ceil((new Uint32Array(data.buffer).findLastIndex((pixel) => pixel !== 0) + 1) / width);
