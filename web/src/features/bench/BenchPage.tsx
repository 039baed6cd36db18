/** `?bench`: what this device makes of the model, on every provider, and a report of it. */
import { ClipboardCopy, RefreshCw } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { IconButton } from "../../components/IconButton";
import { t } from "../../i18n/translate";
import type { Bench } from "./bench";
import { cells, describeDevice, milliseconds, report, type Device } from "./report";
import "./bench.css";

export { Bench, loaderOf } from "./bench";

export function BenchPage({ bench, home }: { bench: Bench; home: string }) {
  const [device, setDevice] = useState<Device>([]);
  const [copied, setCopied] = useState<"no" | "yes" | "failed">("no");
  useEffect(() => {
    void describeDevice().then(setDevice);
    void bench.run();
  }, [bench]);

  const rows = bench.rows.value;
  const running = bench.running.value;
  const done = running === null && rows.length > 0;
  const text = report(rows, device);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied("yes");
    } catch {
      setCopied("failed");
    }
  };
  const again = (): void => {
    setCopied("no");
    void bench.run();
  };
  return (
    <main class="bench" data-testid="bench" data-state={done ? "done" : "running"}>
      <h1>{t("Speed on this device")}</h1>
      <p>
        {t(
          "The model reads a drawn photo and answers taps, in every way that this browser offers. That takes up to a minute, and more where the model is not here yet.",
        )}
      </p>
      <p role="status">{running ? t("{provider} is being measured.", { provider: running }) : done && t("Done")}</p>
      <ul lang="en" dir="ltr">
        {rows.map((row) => (
          <li key={row.provider} data-testid={`bench-${row.provider}`}>
            <strong>{row.provider}</strong>
            {"speed" in row ? (
              <>
                <span>
                  photo {milliseconds(row.speed.encode)}, tap {milliseconds(row.speed.tapP50)}
                </span>
                <small>{cells(row).at(-1)}</small>
              </>
            ) : (
              <small>{row.reason}</small>
            )}
          </li>
        ))}
      </ul>
      {done && (
        <>
          <h2>{t("Report")}</h2>
          <pre lang="en" dir="ltr" tabIndex={0} data-testid="bench-report">
            {text}
          </pre>
          <div class="settings-buttons">
            <IconButton
              icon={ClipboardCopy}
              text={t("Copy the report")}
              label={t("Copy the report")}
              testId="copy-bench"
              onClick={() => void copy()}
            />
            <IconButton icon={RefreshCw} text={t("Measure again")} label={t("Measure again")} onClick={again} />
          </div>
          <p role="status" data-testid="bench-copied">
            {copied === "yes" && t("Copied. It holds no picture and no file name of yours.")}
            {copied === "failed" && t("The browser did not allow copying. Select the lines above and copy them.")}
          </p>
        </>
      )}
      <p>
        <a href={home}>{t("Back to the start")}</a>
      </p>
    </main>
  );
}
