/** What can be done with the selected object. */
import { Contrast, Copy, Crop, Download, Ellipsis, Layers } from "lucide-preact";
import { ActionButton } from "../../components/ActionButton";
import { IconButton } from "../../components/IconButton";
import type { Action } from "../../state/action";
import { t } from "../../i18n/translate";

interface Props {
  actions: Readonly<Record<"saveCutout" | "saveMask" | "copyCutout" | "saveMore", Action>>;
  busy: boolean;
  crop: boolean;
  /** All visible objects, and not only the active one; null: there are no others. */
  all: boolean | null;
  /** False: the active object has nothing to be saved alone. */
  canChooseAll: boolean;
  onAll(all: boolean): void;
  onCrop(crop: boolean): void;
}

export function SaveButtons({ actions, busy, crop, all, canChooseAll, onAll, onCrop }: Props) {
  return (
    <div
      class={all === null ? "save-buttons" : "save-buttons with-all"}
      role="group"
      aria-label={t("Save")}
      aria-busy={busy}
    >
      <ActionButton
        action={actions.saveCutout}
        kind="primary"
        icon={Download}
        text={busy ? t("Saving") : true}
        testId="save-cutout"
      />
      <ActionButton action={actions.saveMask} icon={Contrast} text testId="save-mask" />
      <ActionButton action={actions.copyCutout} icon={Copy} text testId="copy-cutout" />
      <IconButton
        icon={Crop}
        text={t("Crop")}
        label={t("Crop the cut-out to the object")}
        testId="crop"
        pressed={crop}
        onClick={() => onCrop(!crop)}
      />
      {all !== null && (
        <IconButton
          icon={Layers}
          text={t("All")}
          label={t("Save all visible objects together")}
          testId="save-all"
          pressed={all}
          disabled={!canChooseAll}
          onClick={() => onAll(!all)}
        />
      )}
      <ActionButton action={actions.saveMore} icon={Ellipsis} text testId="save-more" />
    </div>
  );
}
