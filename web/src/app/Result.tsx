/** What was found, and what can be done with it. */
import { SlidersHorizontal } from "lucide-preact";
import { SaveSheetPlace } from "../features/save/SaveSheetPlace";
import type { Prompting } from "../state/prompting";
import type { Saving } from "../features/save/saving";
import type { Session } from "../state/session";
import { Candidates } from "../features/refine/Candidates";
import { ActionButton } from "../components/ActionButton";
import { SaveButtons } from "../features/save/SaveButtons";
import { t } from "../i18n/translate";
import type { Actions } from "./actions";

interface Props {
  session: Session;
  prompting: Prompting;
  saving: Saving;
  actions: Actions;
}

export function Result({ session, prompting, saving, actions }: Props) {
  const answer = session.shown.value;
  const edited = session.edited.value !== null;
  return (
    <>
      <section class="panel result" aria-label={t("Result")}>
        {answer && (
          <Candidates
            answer={answer}
            bitmap={session.photo.preview}
            chosen={session.candidate.value}
            onChoose={(candidate) => prompting.choose(candidate)}
          />
        )}
        {edited && (
          <div class="refine-button">
            <ActionButton action={actions.refine} icon={SlidersHorizontal} text testId="refine" />
          </div>
        )}
        <SaveButtons
          actions={actions}
          busy={saving.job.value !== null}
          crop={saving.crop.value}
          all={saving.others.value ? saving.savesAll.value : null}
          canChooseAll={edited}
          onAll={(all) => (saving.all.value = all)}
          onCrop={(crop) => (saving.crop.value = crop)}
        />
      </section>
      <SaveSheetPlace session={session} saving={saving} />
    </>
  );
}
