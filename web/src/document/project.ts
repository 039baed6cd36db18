/**
 * A project file: a ZIP with the photo as it was opened, `document.json` with its objects, and their arrays of numbers.
 *
 * What an object is made of is not this file's business: whatever it holds is written, and comes back. Arrays of
 * numbers – logits – are files of their own in the ZIP, and stand in the JSON as `{"$array": "arrays/1.bin", "of":
 * "Float32Array"}`.
 */
import { strFromU8, strToU8, unzipSync, Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { crc32 } from "../formats/crc32";
import { currentStep, type Document } from "./document";
import { ProjectError } from "./projectError";
import { isDocument } from "./validation";

/** Raised when older pages could not read what newer ones write. */
export const projectVersion = 1;

export interface Project {
  readonly photo: {
    /** The file's name, with its ending. */
    readonly name: string;
    /** MIME type; empty where it is not known. */
    readonly type: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
  };
  /** Only its current step is kept: undo ends with the page. */
  readonly document: Document;
  /** Id of the model whose answers these were; null where it is not known. */
  readonly model: string | null;
}

/** More than any photo that the page opens, and less than what fills a memory. */
const mostBytes = 2 ** 30;
const jsonEntry = "document.json";
const photoEntry = "photo";
const reference = "$array";
const arrayTypes = {
  Float32Array,
  Float64Array,
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
} as const;

type NumberArray = InstanceType<(typeof arrayTypes)[keyof typeof arrayTypes]>;

interface Stored {
  readonly format: "tapmask-project";
  readonly version: number;
  readonly photo: { readonly name: string; readonly type: string };
  readonly model: string | null;
  /** Checksums of the other files. */
  readonly checks: Readonly<Record<string, number>>;
  readonly step: unknown;
}

/** @returns The file's bytes, in parts. */
export function packProject({ photo, document, model }: Project): Uint8Array<ArrayBuffer>[] {
  const entries = new Map<string, Uint8Array>([[photoEntry, photo.bytes]]);
  const step = takeArrays(currentStep(document), entries);
  const checks = Object.fromEntries([...entries].map(([name, bytes]) => [name, crc32(bytes)]));
  const stored: Stored = {
    format: "tapmask-project",
    version: projectVersion,
    photo: { name: photo.name, type: photo.type },
    model,
    checks,
    step,
  };
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(chunk as Uint8Array<ArrayBuffer>);
  });
  const add = (entry: ZipDeflate | ZipPassThrough, bytes: Uint8Array): void => {
    zip.add(entry);
    entry.push(bytes, true);
  };
  add(new ZipDeflate(jsonEntry), strToU8(JSON.stringify(stored)));
  // Photos are compressed already.
  for (const [name, bytes] of entries)
    add(name === photoEntry ? new ZipPassThrough(name) : new ZipDeflate(name), bytes);
  zip.end();
  return parts;
}

/** @throws ProjectError */
export function unpackProject(bytes: Uint8Array): Project {
  try {
    return unpack(bytes);
  } catch (error) {
    // The stack, where the JSON is nested too deeply, or the memory.
    throw error instanceof RangeError ? new ProjectError("damaged") : error;
  }
}

function unpack(bytes: Uint8Array): Project {
  const entries = unzip(bytes);
  const json = entries.get(jsonEntry);
  if (!json) throw new ProjectError("not-a-project");
  const stored = parse(strFromU8(json));
  for (const [name, check] of Object.entries(stored.checks)) {
    const entry = entries.get(name);
    if (!entry || crc32(entry) !== check) throw new ProjectError("damaged");
  }
  const photo = entries.get(photoEntry);
  if (!photo) throw new ProjectError("damaged");
  const document: unknown = { steps: [putArrays(stored.step, entries)], index: 0 };
  if (!isDocument(document)) throw new ProjectError("damaged");
  return { photo: { ...stored.photo, bytes: photo }, document, model: stored.model };
}

function unzip(bytes: Uint8Array): Map<string, Uint8Array<ArrayBuffer>> {
  let total = 0;
  try {
    const filter = ({ originalSize }: { originalSize: number }): boolean => {
      total += originalSize;
      if (total > mostBytes) throw new RangeError("too much");
      return true;
    };
    return new Map(Object.entries(unzipSync(bytes, { filter })) as [string, Uint8Array<ArrayBuffer>][]);
  } catch {
    throw new ProjectError("damaged");
  }
}

function parse(json: string): Stored {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ProjectError("damaged");
  }
  if (!isRecord(value) || value.format !== "tapmask-project") throw new ProjectError("not-a-project");
  const { version, photo, model, checks, step } = value;
  if (!Number.isInteger(version)) throw new ProjectError("damaged");
  if ((version as number) > projectVersion) throw new ProjectError("newer");
  if (!isRecord(photo) || typeof photo.name !== "string" || typeof photo.type !== "string" || !isRecord(checks))
    throw new ProjectError("damaged");
  return {
    format: "tapmask-project",
    version: version as number,
    photo: { name: photo.name, type: photo.type },
    model: typeof model === "string" ? model : null,
    checks: checks as Record<string, number>,
    step,
  };
}

/** The value with every array of numbers replaced by the name of its entry. The same array is written once. */
function takeArrays(value: unknown, entries: Map<string, Uint8Array>, known = new Map<unknown, unknown>()): unknown {
  if (Array.isArray(value)) return value.map((item) => takeArrays(item, entries, known));
  if (ArrayBuffer.isView(value)) {
    if (!known.has(value)) {
      const name = `arrays/${known.size + 1}.bin`;
      entries.set(name, new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength));
      known.set(value, { [reference]: name, of: value.constructor.name });
    }
    return known.get(value);
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, takeArrays(item, entries, known)]));
}

function putArrays(
  value: unknown,
  entries: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  known = new Map<string, NumberArray>(),
): unknown {
  if (Array.isArray(value)) return value.map((item) => putArrays(item, entries, known));
  if (!isRecord(value)) return value;
  const name = value[reference];
  if (typeof name !== "string")
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putArrays(item, entries, known)]));
  const array = known.get(name) ?? numbers(entries.get(name), value.of);
  known.set(name, array);
  return array;
}

function numbers(bytes: Uint8Array<ArrayBuffer> | undefined, type: unknown): NumberArray {
  const make = Object.hasOwn(arrayTypes, String(type)) ? arrayTypes[type as keyof typeof arrayTypes] : undefined;
  if (!bytes || !make || bytes.length % make.BYTES_PER_ELEMENT) throw new ProjectError("damaged");
  // A copy: where an entry lies in its ZIP is no multiple of anything.
  return new make(bytes.slice().buffer);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
