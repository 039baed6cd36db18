/** What can be chosen for the page as a whole; every section is a component of its own. */
import type { Controller } from "../controller";
import { Dialog } from "./Dialog";
import { LanguageSection } from "./settings/LanguageSection";
import { ModelSection } from "./settings/ModelSection";
import { PerformanceSection } from "./settings/PerformanceSection";
import { ProjectSection } from "./ProjectSection";
import { StorageSection } from "./settings/StorageSection";
import { t } from "../words/words";

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
      <PerformanceSection engine={controller.engine} />
    </Dialog>
  );
}
