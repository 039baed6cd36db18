/** Writes a ZIP while its files are made: pictures are compressed already and go in as they are. */
import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import type { Job, PlannedFile } from "../shared/protocol";

const isText = ({ kind }: Job): boolean => kind === "svg" || kind === "coco";

/** @param onFile Told how many files are in it. */
export async function archive(
  files: readonly PlannedFile[],
  make: (job: Job) => Promise<Blob>,
  onFile: (done: number) => void,
): Promise<Blob> {
  const parts: Blob[] = [];
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  });
  /* oxlint-disable no-await-in-loop -- one file at a time is in memory */
  for (const [done, { name, job }] of files.entries()) {
    const entry = isText(job) ? new ZipDeflate(name) : new ZipPassThrough(name);
    const blob = await make(job);
    zip.add(entry);
    const reader = blob.stream().getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) entry.push(part.value);
    entry.push(new Uint8Array(0), true);
    // A browser may keep blobs elsewhere than in memory.
    parts.push(new Blob(chunks));
    chunks = [];
    onFile(done + 1);
  }
  zip.end();
  return new Blob([...parts, ...chunks], { type: "application/zip" });
}
