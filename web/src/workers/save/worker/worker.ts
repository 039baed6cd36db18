/** Runs in a worker of its own, which is ended with what it works on: makes the files that the save sheet offers. */
import { expose, transfer } from "comlink";
import { failureCode } from "../../shared/failure";
import { archive } from "./archive";
import { make } from "./make";
import { OutputError, Source } from "./source";
import type { OutputApi, OutputOutcome } from "../shared/protocol";
import { preview } from "./preview";

let source: Source | null = null;

const api: OutputApi = {
  open: (photo) => void (source = new Source(photo)),
  setBackdrop: (picture) => source!.setBackdrop(picture),
  preview: (job, side) =>
    outcome(
      () => preview(source!, job, side),
      (bitmap) => [bitmap],
    ),
  make: (job) => outcome(() => make(source!, job)),
  archive: (files, onFile) => outcome(() => archive(files, (job) => make(source!, job), onFile)),
};

expose(api);

async function outcome<T>(
  work: () => Promise<T>,
  handOver: (value: T) => Transferable[] = () => [],
): Promise<OutputOutcome<T>> {
  try {
    const value = await work();
    return transfer({ ok: true, value }, handOver(value));
  } catch (error) {
    return { ok: false, code: error instanceof OutputError ? error.code : failureCode(error) };
  }
}
