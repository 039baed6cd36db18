/** What the page is doing; the ring shows how far it is. */
import { CircleAlert } from "lucide-preact";
import type { Status } from "../status";
import { t } from "../words/words";

interface Props {
  status: Status;
  /** Offered while a photo is being read. */
  onCancel: (() => void) | null;
}

const providerNames: Record<string, string> = { webgpu: "GPU", "wasm-threads": "CPU, threads", wasm: "CPU" };

export function StatusChip({ status, onCancel }: Props) {
  const { state, label, detail, progress, bytes, provider } = status;
  const ready = state === "ready";
  return (
    <div class="panel status-chip">
      {state === "error" ? <CircleAlert class="status-alert" /> : <Ring progress={ready ? 1 : progress} />}
      <div data-testid="status" data-state={state} data-provider={provider} role="status" aria-live="polite" class="status-words">
        {label}
        {ready && provider && <span class="status-extra"> · {providerNames[provider] ?? provider}</span>}
        {detail && <span class="visually-hidden"> {detail}</span>}
      </div>
      {bytes && (
        <span class="status-bytes" aria-hidden="true">
          {bytes}
        </span>
      )}
      {onCancel && (
        <button type="button" class="text-button" data-testid="cancel" onClick={onCancel}>
          {t("Cancel")}
        </button>
      )}
    </div>
  );
}

const radius = 8;
const length = 2 * Math.PI * radius;

/** Turns where nobody can know how long it takes; full and still when there is nothing to wait for. */
function Ring({ progress }: { progress: number | null }) {
  const part = progress ?? 0.25;
  return (
    <svg class={progress === null ? "ring ring-turning" : progress === 1 ? "ring ring-full" : "ring"} viewBox="0 0 20 20" aria-hidden="true">
      <circle class="ring-track" cx="10" cy="10" r={radius} />
      <circle class="ring-part" cx="10" cy="10" r={radius} stroke-dasharray={`${part * length} ${length}`} transform="rotate(-90 10 10)" />
    </svg>
  );
}
