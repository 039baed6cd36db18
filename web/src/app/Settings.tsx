/** What can be chosen for the page as a whole; every section is a component of its own. */
import type { Controller } from "./controller";
import { Dialog } from "../components/Dialog";
import { LanguageSection } from "../features/settings/LanguageSection";
import { ModelSection } from "../features/models/ModelSection";
import { PerformanceSection } from "../features/settings/PerformanceSection";
import { ProjectSection } from "./ProjectSection";
import { StorageSection } from "../features/library/StorageSection";
import { t } from "../i18n/translate";

interface Props {
  controller: Controller;
  onClose(): void;
}

export function Settings({ controller, onClose }: Props) {
  return (
    <Dialog title={t("Settings")} testId="settings" onClose={onClose}>
      <ProjectSection controller={controller} onClose={onClose} />
      <ModelSection models={controller.models} />
      <LanguageSection />
      <StorageSection album={controller.album} />
      <PerformanceSection engine={controller.engine} precise={controller.precise} />
    </Dialog>
  );
}
