/** What can be done with the selected object. */
import { Contrast, Copy, Crop, Download, Ellipsis, Layers } from "lucide-preact";
import { IconButton } from "../../components/IconButton";
import { t } from "../../i18n/translate";

interface Props {
  possible: boolean;
  busy: boolean;
  crop: boolean;
  /** All visible objects, and not only the active one; null: there are no others. */
  all: boolean | null;
  /** False: the active object has nothing to be saved alone. */
  canChooseAll: boolean;
  onAll(all: boolean): void;
  onCrop(crop: boolean): void;
  onCutout(): void;
  onMask(): void;
  onCopy(): void;
  onMore(): void;
}

export function SaveButtons({ possible, busy, crop, all, canChooseAll, onAll, onCrop, onCutout, onMask, onCopy, onMore }: Props) {
  return (
    <div class={all === null ? "save-buttons" : "save-buttons with-all"} role="group" aria-label={t("Save")} aria-busy={busy}>
      <IconButton kind="primary" icon={Download} text={busy ? t("Saving") : t("Cut-out")} label={t("Save the cut-out")} hint="S" testId="save-cutout" disabled={!possible} onClick={onCutout} />
      <IconButton icon={Contrast} text={t("Mask")} label={t("Save the mask")} hint="M" testId="save-mask" disabled={!possible} onClick={onMask} />
      <IconButton icon={Copy} text={t("Copy")} label={t("Copy the cut-out")} hint="Ctrl+C" testId="copy-cutout" disabled={!possible} onClick={onCopy} />
      <IconButton icon={Crop} text={t("Crop")} label={t("Crop the cut-out to the object")} testId="crop" pressed={crop} onClick={() => onCrop(!crop)} />
      {all !== null && <IconButton icon={Layers} text={t("All")} label={t("Save all visible objects together")} testId="save-all" pressed={all} disabled={!canChooseAll} onClick={() => onAll(!all)} />}
      <IconButton icon={Ellipsis} text={t("More")} label={t("More ways to save")} hint="Ctrl+Shift+S" testId="save-more" disabled={!possible} onClick={onMore} />
    </div>
  );
}
