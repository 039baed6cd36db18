/** What runs here and why, the keys, and where the sample photos are from. */
import type { EngineInfo } from "../../engine/segmenter";
import type { EnginePhase } from "../engine";
import type { Sample } from "../samples";
import { Dialog } from "./Dialog";

interface Props {
  phase: EnginePhase;
  samples: readonly Sample[];
  onClose(): void;
}

export function About({ phase, samples, onClose }: Props) {
  return (
    <Dialog title="Tapmask" testId="about" onClose={onClose}>
      <p>Tap an object in a photo and save its cut-out. Everything happens in this browser: no photo, no tap and no mask leaves this device.</p>
      <h3>The model</h3>
      {phase.state === "running" ? <Engine info={phase.segmenter.info} /> : <p>{phase.state === "loading" ? "It is being loaded." : "It is not running."}</p>}
      <h3>Gestures and keys</h3>
      <dl class="keys">
        {keys.map(([what, how]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{how}</dd>
          </div>
        ))}
      </dl>
      <h3>Sample photos</h3>
      <ul class="credits">
        {samples.map(({ name, credit, source }) => (
          <li key={name}>
            <a href={source} target="_blank" rel="noreferrer">
              {name}
            </a>
            : {credit}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Engine({ info }: { info: EngineInfo }) {
  return (
    <>
      <p>
        {info.model.title} ({info.variant}), {info.model.licence}. It runs on {info.provider}
        {info.threads > 1 ? ` with ${info.threads} threads` : ""}
        {info.cached ? " and is kept for offline use." : "; it is not kept, because storage is full or switched off."}
      </p>
      <ul class="attempts" data-testid="attempts">
        {info.tried.map(({ provider, outcome, reason }) => (
          <li key={provider}>
            <code>{provider}</code> <span class={`outcome outcome-${outcome}`}>{outcome}</span> {reason}
          </li>
        ))}
      </ul>
    </>
  );
}

const keys = [
  ["Part of the object", "tap or click"],
  ["Not part of it", "long press, right click, or switch to Remove"],
  ["Box around it", "drag"],
  ["Move a point", "drag it"],
  ["Remove a point", "tap it, then the bin; Delete"],
  ["Zoom, move the photo", "two fingers; wheel, Shift + wheel, Space + drag; + − 0"],
  ["Candidates", "1 2 3"],
  ["Next object, list of objects", "N, L"],
  ["Select another object", "tap it in the list, or Alt + click it; on the photo, if nothing was said about the new one"],
  ["Without a mouse", "focus the photo: arrows, Enter, Shift + Enter, Backspace"],
  ["Undo, redo", "Ctrl+Z, Ctrl+Shift+Z"],
  ["Open, save, copy", "Ctrl+O, S (cut-out), M (mask), Ctrl+C"],
  ["More ways to save", "Ctrl+Shift+S"],
] as const;
