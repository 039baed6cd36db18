/**
 * Opens HEIC where the browser cannot: libheif, compiled to WASM, in files of its own that are loaded when the first
 * such photo comes.
 *
 * The library is LGPL; its WASM stays as it was published, so that anybody can put another build in its place.
 */
import { displayP3ToSrgb } from "./displayP3";
import wasmAddress from "libheif-js/libheif-wasm/libheif.wasm?url";

interface HeifImage {
  get_width(): number;
  get_height(): number;
  is_primary(): boolean;
  display(into: ImageData, done: (result: ImageData | null) => void): void;
  free(): void;
}

interface HeifDecoder {
  decoder: unknown;
  decode(file: Uint8Array): HeifImage[];
}

interface LibHeif {
  HeifDecoder: new () => HeifDecoder;
  heif_context_free(context: unknown): void;
}

type Factory = (options: { wasmBinary: ArrayBuffer; print(): void; printErr(): void }) => Promise<LibHeif> | LibHeif;

let library: Promise<LibHeif> | null = null;

/** @returns Null: the decoder cannot be had, as without a network before its first use. */
export async function loadHeif(): Promise<LibHeif | null> {
  library ??= start();
  try {
    return await library;
  } catch {
    library = null;
    return null;
  }
}

async function start(): Promise<LibHeif> {
  const [module, answer] = await Promise.all([import("libheif-js/libheif-wasm/libheif.js"), fetch(wasmAddress)]);
  if (!answer.ok) throw new Error(`The HEIC decoder was not found (${answer.status}).`);
  // Its own types leave out the part that is written in JavaScript.
  return (module.default as unknown as Factory)({
    wasmBinary: await answer.arrayBuffer(),
    print: () => undefined,
    printErr: () => undefined,
  });
}

/** The main picture, upright as the file asks. Null: the file is damaged, or not encoded with HEVC. */
export async function decodeHeif(
  { HeifDecoder, heif_context_free }: LibHeif,
  bytes: Uint8Array,
): Promise<ImageData | null> {
  const decoder = new HeifDecoder();
  const images = decoder.decode(bytes);
  try {
    const image = images.find((image) => image.is_primary()) ?? images[0];
    if (!image) return null;
    const isWide = hasWideColours(bytes);
    const pixels = emptyPixels(image.get_width(), image.get_height(), isWide);
    const shown = await new Promise<ImageData | null>((resolve) => image.display(pixels, resolve));
    if (shown && isWide && shown.colorSpace !== "display-p3") displayP3ToSrgb(shown.data);
    return shown;
  } finally {
    for (const image of images) image.free();
    if (decoder.decoder) heif_context_free(decoder.decoder);
  }
}

/** Firefox throws a TypeError at the sight of a colour space, and other browsers overlook it: their pixels are sRGB. */
function emptyPixels(width: number, height: number, isWide: boolean): ImageData {
  if (!isWide) return new ImageData(width, height);
  try {
    return new ImageData(width, height, { colorSpace: "display-p3" });
  } catch (error) {
    if (error instanceof TypeError) return new ImageData(width, height);
    throw error;
  }
}

/** How a colour profile names Apple's wide colours, which phones take their photos in: in UTF-16. */
const wide = [..."Display P3"].flatMap((letter) => [0, letter.charCodeAt(0)]);

/** libheif hands out pixels as they are stored; the profile comes before them. */
function hasWideColours(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 2 ** 16);
  for (let at = head.indexOf(wide[1]!); at > 0; at = head.indexOf(wide[1]!, at + 1))
    if (wide.every((byte, i) => head[at - 1 + i] === byte)) return true;
  return false;
}
