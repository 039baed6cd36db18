/** What was found, and what can be done with it. */
import { SlidersHorizontal } from "lucide-preact";
import { openSaveSheet, SaveSheetPlace } from "../features/save/SaveSheetPlace";
import type { Prompting } from "../state/prompting";
import type { Saving } from "../features/save/saving";
import type { Session } from "../state/session";
import { Candidates } from "../features/refine/Candidates";
import { IconButton } from "../components/IconButton";
import { SaveButtons } from "../features/save/SaveButtons";
import { t } from "../i18n/translate";

interface Props {
  session: Session;
  prompting: Prompting;
  saving: Saving;
}

export function Result({ session, prompting, saving }: Props) {
  const answer = session.shown.value;
  const edited = session.edited.value !== null;
  return (
    <>
      <section class="panel result" aria-label={t("Result")}>
        {answer && <Candidates answer={answer} bitmap={session.photo.preview} chosen={session.candidate.value} onChoose={(candidate) => prompting.choose(candidate)} />}
        {edited && <div class="refine-button"><IconButton icon={SlidersHorizontal} text={t("Refine")} label={t("Refine the mask")} hint="F" testId="refine" onClick={() => prompting.refining.toggle()} /></div>}
        <SaveButtons
          possible={saving.possible.value}
          busy={saving.job.value !== null}
          crop={saving.crop.value}
          all={saving.others.value ? saving.savesAll.value : null}
          canChooseAll={edited}
          onAll={(all) => (saving.all.value = all)}
          onCrop={(crop) => (saving.crop.value = crop)}
          onCutout={() => void saving.saveCutout()}
          onMask={() => void saving.saveMask()}
          onCopy={() => void saving.copyCutout()}
          onMore={() => openSaveSheet(saving)}
        />
      </section>
      <SaveSheetPlace session={session} saving={saving} />
    </>
  );
}
