/**
 * The settings' section about project files: a button that opens one, also where the photo dialog shows photos only.
 */
import { useRef } from "preact/hooks";
import type { Controller } from "./controller";
import { t } from "../i18n/translate";

interface Props {
  controller: Controller;
  onClose(): void;
}

export function ProjectSection({ controller, onClose }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <section class="project-section">
      <h3>{t("Projects")}</h3>
      <p>
        {t(
          "A project file holds a photo and everything that was said about it. Save one with More, beside the cut-out.",
        )}
      </p>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        data-testid="project-input"
        aria-label={t("Project file")}
        tabIndex={-1}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (!file) return;
          onClose();
          void controller.open(file, file.name);
        }}
      />
      <button type="button" class="button" onClick={() => input.current!.click()}>
        {t("Open a project")}
      </button>
    </section>
  );
}
