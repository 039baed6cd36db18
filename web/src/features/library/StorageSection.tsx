/** What is kept on this device, and who decides about it. */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Album } from "./album";
import { keepsNothing, setKeepsNothing } from "./remembered";
import { askToPersist, deleteModels, measure, type Amount, type Usage } from "./usage";
import { formatBytes } from "../../state/download";
import { counted, t, type Text } from "../../i18n/translate";

type Kind = "photos" | "embeddings" | "models" | "all";

export function StorageSection({ album }: { album: Album }) {
  const [usage, setUsage] = useState<Usage | null>(null);
  const [asking, setAsking] = useState<Kind | null>(null);
  const [said, setSaid] = useState("");
  const nothing = keepsNothing.value;
  const refresh = useCallback(async () => setUsage(await measure(album.store)), [album]);
  useEffect(() => void refresh(), [refresh, nothing, album.photos.value.length]);

  const remove = async (kind: Kind): Promise<void> => {
    setAsking(null);
    if (kind === "photos" || kind === "all") await album.clear();
    if (kind === "embeddings" || kind === "all") await album.store.clearEmbeddings();
    if (kind === "models" || kind === "all") await deleteModels();
    setSaid(t(deleted[kind]));
    await refresh();
  };
  const persist = async (): Promise<void> => {
    setSaid(
      (await askToPersist())
        ? t("The browser will keep it until you delete it.")
        : t("The browser made no promise. Installing the app, or visiting it often, may change its mind."),
    );
    await refresh();
  };
  const row = (kind: Exclude<Kind, "all">, title: string, amount: string, text: string) => (
    <Row title={title} amount={amount} text={text} testId={`kept-${kind}`}>
      <Delete
        kind={kind}
        asking={asking === kind}
        disabled={!usage?.[kind].count}
        onAsk={setAsking}
        onDelete={(wanted) => void remove(wanted)}
      />
    </Row>
  );

  return (
    <section class="storage" data-testid="storage" aria-label={t("Storage")}>
      <h3>{t("Kept on this device")}</h3>
      <p>{t("Everything is on this device only: nothing is uploaded, and no other site can read it.")}</p>
      <label class="storage-switch">
        <span>
          <strong>{t("Keep nothing")}</strong>
          <span class="storage-note">
            {t(
              "Photos, points and what was computed for them are forgotten when the page is closed. What was kept is deleted now.",
            )}
          </span>
        </span>
        <input
          type="checkbox"
          role="switch"
          data-testid="keep-nothing"
          checked={nothing}
          onChange={(event) => setKeepsNothing(event.currentTarget.checked)}
        />
      </label>
      <ul class="storage-list">
        {row(
          "photos",
          t("Photos and points"),
          amountOf(usage?.photos, photoCount),
          t("They come back when you come back."),
        )}
        {row(
          "embeddings",
          t("Computed for photos"),
          amountOf(usage?.embeddings, photoCount),
          t("A photo that was read once need not be read again."),
        )}
        {row(
          "models",
          t("Models"),
          amountOf(usage?.models, (count) => counted(count, "1 file", "{count} files")),
          t("Needed offline. They are downloaded again when they are missing."),
        )}
      </ul>
      {usage && <p data-testid="storage-total">{totalOf(usage)}</p>}
      <div class="storage-buttons">
        {usage?.persisted === false && !nothing && (
          <button type="button" class="storage-button" data-testid="persist" onClick={() => void persist()}>
            {t("Ask the browser to keep it")}
          </button>
        )}
        <Delete
          kind="all"
          asking={asking === "all"}
          disabled={!usage}
          onAsk={setAsking}
          onDelete={(wanted) => void remove(wanted)}
        />
      </div>
      <p role="status" class="storage-said">
        {said}
      </p>
    </section>
  );
}

function Row({
  title,
  amount,
  text,
  testId,
  children,
}: {
  title: string;
  amount: string;
  text: string;
  testId: string;
  children: ComponentChildren;
}) {
  return (
    <li data-testid={testId}>
      <div>
        <strong>{title}</strong> <span class="storage-amount">{amount}</span>
        <span class="storage-note">{text}</span>
      </div>
      {children}
    </li>
  );
}

interface DeleteProps {
  kind: Kind;
  /** It was pressed once. */
  asking: boolean;
  disabled: boolean;
  onAsk(kind: Kind | null): void;
  onDelete(kind: Kind): void;
}

/** Deleted is deleted, so it takes two presses. */
function Delete({ kind, asking, disabled, onAsk, onDelete }: DeleteProps) {
  return (
    <button
      type="button"
      class={asking ? "storage-button storage-sure" : "storage-button"}
      data-testid={`delete-${kind}`}
      aria-label={t(asking ? sure[kind] : labels[kind])}
      disabled={disabled}
      onClick={() => (asking ? onDelete(kind) : onAsk(kind))}
      onBlur={() => asking && onAsk(null)}
    >
      {asking ? t("Delete for good") : kind === "all" ? t("Delete all") : t("Delete")}
    </button>
  );
}

const labels: Record<Kind, Text> = {
  photos: "Delete photos and points",
  embeddings: "Delete what was computed",
  models: "Delete models",
  all: "Delete all",
};

const sure: Record<Kind, Text> = {
  photos: "Delete photos and points for good",
  embeddings: "Delete what was computed for good",
  models: "Delete models for good",
  all: "Delete all for good",
};

const deleted: Record<Kind, Text> = {
  photos: "The photos and points were deleted.",
  embeddings: "What was computed was deleted.",
  models: "The models were deleted.",
  all: "Everything was deleted.",
};

const photoCount = (count: number): string => counted(count, "1 photo", "{count} photos");

function amountOf(amount: Amount | undefined, words: (count: number) => string): string {
  if (!amount) return "";
  return amount.count
    ? t("{count}, {size}", { count: words(amount.count), size: formatBytes(amount.bytes) })
    : t("nothing");
}

function totalOf({ total, quota, persisted }: Usage): string {
  const promise = persisted
    ? t("The browser has promised to keep it.")
    : t("The browser may delete it when space runs low.");
  return `${sizeOf(total, quota)} ${promise}`;
}

function sizeOf(total: number | null, quota: number | null): string {
  if (total === null) return t("The browser does not say how much this site takes in all.");
  const size = formatBytes(total);
  if (quota === null) return t("With the app itself, this site takes {size}.", { size });
  return t("With the app itself, this site takes {size} of {quota} that the browser allows.", {
    size,
    quota: formatBytes(quota),
  });
}
