/** How fast it is here and what it needs; to be copied for a bug report. */
import { ClipboardCopy, RefreshCw } from "lucide-preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Engine } from "../../state/engine";
import type { Precise } from "../../state/precise";
import { verdictOf } from "../../state/verdicts";
import { asReport, measureMemory, performanceFacts, type PageMemory } from "./performance";
import { IconButton } from "../../components/IconButton";
import { t } from "../../i18n/translate";

/** The same model, on a page that does nothing but measure it. */
function benchAddress(): string {
  const address = new URL(location.href);
  address.searchParams.set("bench", "");
  return address.href;
}

export function PerformanceSection({ engine, precise }: { engine: Engine; precise: Precise }) {
  const segmenter = engine.segmenter.value;
  const [memory, setMemory] = useState<PageMemory | null>(null);
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  const measure = useCallback(() => void measureMemory(segmenter).then(setMemory), [segmenter]);
  useEffect(measure, [measure]);

  const verdict = segmenter && verdictOf(segmenter.info);
  const facts = performanceFacts(segmenter, memory, precise.segmenter.value);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(asReport(facts));
      setCopied("yes");
    } catch {
      setCopied("failed");
    }
  };
  return (
    <section class="settings-section" aria-labelledby="performance-heading" data-testid="performance">
      <h3 id="performance-heading">{t("Speed and memory")}</h3>
      {/* In English, for whoever reads the report. */}
      <dl class="facts" lang="en" dir="ltr">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {verdict && (
        <p data-testid="fastest">
          {verdict.fastest === segmenter?.info.provider
            ? t("All ways to run the model here were tried: {provider} is the fastest.", { provider: verdict.fastest })
            : t(
                "All ways to run the model here were tried: {provider} is the fastest, and runs it from the next visit on.",
                {
                  provider: verdict.fastest,
                },
              )}
        </p>
      )}
      <div class="settings-buttons">
        <IconButton
          icon={ClipboardCopy}
          text={t("Copy for a bug report")}
          label={t("Copy for a bug report")}
          testId="copy-report"
          onClick={() => void copy()}
        />
        <IconButton icon={RefreshCw} text={t("Measure again")} label={t("Measure again")} onClick={measure} />
      </div>
      <p>
        <a href={benchAddress()} data-testid="bench-link">
          {t("Measure every way to run the model here")}
        </a>
      </p>
      <p role="status" data-testid="report-copied">
        {copied === "yes" && t("Copied. It holds no picture and no file name of yours.")}
        {copied === "failed" && t("The browser did not allow copying. Select the lines above and copy them.")}
      </p>
    </section>
  );
}
