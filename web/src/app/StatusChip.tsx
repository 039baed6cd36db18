/**
 * What the page is doing; the ring shows how far it is. With nothing to wait for, a sign in its place says that there
 * is no network.
 */
import { CircleAlert, WifiOff } from "lucide-preact";
import { offline } from "./network";
import type { Status } from "../state/status";
import { t } from "../i18n/translate";

interface Props {
  status: Status;
  /** Offered while a photo is being read. */
  onCancel: (() => void) | null;
}

const tierNames = { fast: "Fast", precise: "Precise" } as const;
const providerNames: Record<string, string> = { webgpu: "GPU", "wasm-threads": "CPU, threads", wasm: "CPU" };

export function StatusChip({ status, onCancel }: Props) {
  const { state, label, detail, progress, bytes, provider, tier } = status;
  const ready = state === "ready";
  const unplugged = ready && offline.value;
  const named = ready && !unplugged && tier ? t(tierNames[tier]) : null;
  const extra = unplugged ? t("Offline") : ready && !tier && provider && (providerNames[provider] ?? provider);
  return (
    <div class="panel status-chip">
      {state === "error" ? (
        <CircleAlert class="status-alert" />
      ) : unplugged ? (
        <Unplugged />
      ) : (
        <Ring progress={ready ? 1 : progress} />
      )}
      <div
        data-testid="status"
        data-state={state}
        data-provider={provider}
        data-tier={tier}
        role="status"
        aria-live="polite"
        class="status-words"
      >
        {named ? <span class="status-before-tier">{label} · </span> : label}
        {named && <span class="status-tier">{named}</span>}
        {extra && <span class="status-extra"> · {extra}</span>}
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

function Unplugged() {
  return (
    <span class="status-offline" data-testid="offline" role="img" aria-label={t("Offline")} title={t("Offline")}>
      <WifiOff />
    </span>
  );
}

const radius = 8;
const length = 2 * Math.PI * radius;

/** Turns where nobody can know how long it takes; full and still when there is nothing to wait for. */
function Ring({ progress }: { progress: number | null }) {
  const part = progress ?? 0.25;
  return (
    <svg
      class={progress === null ? "ring ring-turning" : progress === 1 ? "ring ring-full" : "ring"}
      viewBox="0 0 20 20"
      aria-hidden="true"
    >
      <circle class="ring-track" cx="10" cy="10" r={radius} />
      <circle
        class="ring-part"
        cx="10"
        cy="10"
        r={radius}
        stroke-dasharray={`${part * length} ${length}`}
        transform="rotate(-90 10 10)"
      />
    </svg>
  );
}
