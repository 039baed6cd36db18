/** What was found, and what can be done with it. */
import { openSaveSheet, SaveSheetPlace } from "../output/SaveSheetPlace";
import type { Prompting } from "../prompting";
import type { Saving } from "../saving";
import type { Session } from "../session";
import { Candidates } from "./Candidates";
import { SaveButtons } from "./SaveButtons";

interface Props {
  session: Session;
  prompting: Prompting;
  saving: Saving;
}

export function Result({ session, prompting, saving }: Props) {
  const answer = session.shown.value;
  return (
    <>
      <section class="panel result" aria-label="Result">
        {answer && <Candidates answer={answer} bitmap={session.photo.preview} chosen={session.candidate.value} onChoose={(candidate) => prompting.choose(candidate)} />}
        <SaveButtons
          possible={saving.possible.value}
          busy={saving.job.value !== null}
          crop={saving.crop.value}
          all={saving.others.value ? saving.savesAll.value : null}
          canChooseAll={answer !== null}
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
