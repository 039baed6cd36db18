/** What runs here and why, the keys, and where the sample photos are from. */
import type { EngineInfo, NoThreads } from "../engine/segmenter";
import type { EnginePhase } from "../state/engine";
import type { Sample } from "../features/open/samples";
import { Dialog } from "../components/Dialog";
import { KeyList } from "../features/shortcuts/KeyList";
import type { Shortcuts } from "../features/shortcuts/shortcutGroups";
import { t, type Text } from "../i18n/translate";

interface Props {
  phase: EnginePhase;
  samples: readonly Sample[];
  shortcuts: Shortcuts;
  onClose(): void;
}

export function About({ phase, samples, shortcuts, onClose }: Props) {
  return (
    <Dialog title="Tapmask" testId="about" onClose={onClose}>
      <p>
        {t(
          "Tap an object in a photo and save its cut-out. Everything happens in this browser: no photo, no tap and no mask leaves this device.",
        )}
      </p>
      <h3>{t("The model")}</h3>
      {phase.state === "running" ? (
        <Engine info={phase.segmenter.info} />
      ) : (
        <p>{phase.state === "loading" ? t("It is being loaded.") : t("It is not running.")}</p>
      )}
      <KeyList shortcuts={shortcuts} />
      <h3>MobileSAM</h3>
      <p>
        {t("The weights of MobileSAM are those that its authors published, stored in fewer bits.")}{" "}
        <a href="https://github.com/ChaoningZhang/MobileSAM" target="_blank" rel="noreferrer">
          MobileSAM
        </a>
        ,{" "}
        <a href="licences/mobile-sam.txt" target="_blank">
          Apache-2.0
        </a>
      </p>
      <h3>{t("HEIC photos")}</h3>
      <p>
        {t("Where a browser cannot open them, libheif with libde265 does.")}{" "}
        <a href="https://github.com/strukturag/libheif" target="_blank" rel="noreferrer">
          libheif
        </a>
        ,{" "}
        <a href="licences/libheif.txt" target="_blank">
          LGPL
        </a>
      </p>
      <h3>{t("Sample photos")}</h3>
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

/** Why it is slower than it could be, where somebody can do something about it. */
const threadless: Record<Exclude<NoThreads, "one-core">, Text> = {
  "not-isolated": "One thread only: the page is not isolated from others, which its server or a reload can change.",
  "no-shared-memory":
    "One thread only: this browser lets no page share memory between threads. Another browser may be faster.",
};

function Engine({ info }: { info: EngineInfo }) {
  const { provider, threads } = info;
  const lacking =
    provider === "wasm" && info.noThreads && info.noThreads !== "one-core" ? t(threadless[info.noThreads]) : "";
  const ran =
    threads > 1
      ? t("It runs on {provider} with {threads} threads.", { provider, threads })
      : t("It runs on {provider}.", { provider });
  return (
    <>
      <p>
        {info.model.title} ({info.variant}), {info.model.licence}. {ran} {lacking}{" "}
        {info.cached ? t("It is kept for offline use.") : t("It is not kept, because storage is full or switched off.")}
      </p>
      <ul class="attempts" data-testid="attempts" lang="en" dir="ltr">
        {info.tried.map(({ provider, outcome, reason }) => (
          <li key={provider}>
            <code>{provider}</code> <span class={`outcome outcome-${outcome}`}>{outcome}</span> {reason}
          </li>
        ))}
      </ul>
    </>
  );
}
