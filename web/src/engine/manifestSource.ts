/**
 * The manifest: from the network when there is one, else the copy of the last time; that too where what comes is wrong.
 */
import { ManifestError, parseManifest, type Manifest } from "./core/manifest";
import { EngineError } from "./errors";
import { keepManifest, keptManifest } from "./modelStore";
import { aborted } from "./queue";

/**
 * @throws EngineError without a copy of the last time: `manifest` when it is missing or wrong, `download` without a
 * network.
 */
export async function loadManifest(url: URL, signal?: AbortSignal): Promise<Manifest> {
  try {
    const text = await fetchText(url, signal);
    const manifest = parse(text);
    await keepManifest(url, text);
    return manifest;
  } catch (error) {
    const kept = signal?.aborted ? null : await keptManifest(url);
    if (kept === null) throw error;
    return parse(kept);
  }
}

async function fetchText(url: URL, signal?: AbortSignal): Promise<string> {
  try {
    const answer = await fetch(url, { cache: "no-cache", signal });
    if (!answer.ok)
      throw new EngineError(
        "manifest",
        `The list of models could not be fetched: the server answered ${answer.status}.`,
      );
    return await answer.text();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (signal?.aborted) throw aborted("Loading was aborted.");
    throw new EngineError("download", "The list of models could not be fetched: the connection failed.", {
      cause: error,
    });
  }
}

function parse(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new EngineError("manifest", "The list of models is not JSON.");
  }
  return asEngineError(() => parseManifest(json));
}

/** Runs `check`, turning its complaint into the engine's. */
export function asEngineError<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof ManifestError) throw new EngineError("manifest", error.message);
    throw error;
  }
}
