/** How fast it is here and what it needs; to be copied for a bug report. */
import { ClipboardCopy, RefreshCw } from "lucide-preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { Engine } from "../../engine";
import { asReport, measureMemory, performanceFacts, type PageMemory } from "../../performance";
import { IconButton } from "../IconButton";

export function PerformanceSection({ engine }: { engine: Engine }) {
  const segmenter = engine.segmenter.value;
  const [memory, setMemory] = useState<PageMemory | null>(null);
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  const measure = useCallback(() => void measureMemory(segmenter).then(setMemory), [segmenter]);
  useEffect(measure, [measure]);

  const facts = performanceFacts(segmenter, memory);
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
      <h3 id="performance-heading">Speed and memory</h3>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="settings-buttons">
        <IconButton icon={ClipboardCopy} text="Copy for a bug report" label="Copy for a bug report" testId="copy-report" onClick={() => void copy()} />
        <IconButton icon={RefreshCw} text="Measure again" label="Measure again" onClick={measure} />
      </div>
      <p role="status" data-testid="report-copied">
        {copied === "yes" && "Copied. It holds no picture and no file name of yours."}
        {copied === "failed" && "The browser did not allow copying. Select the lines above and copy them."}
      </p>
    </section>
  );
}
