/** Everything that can be saved, how, and what it will look like. */
import { Copy, Download, Share2, X } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../../components/Dialog";
import { IconButton } from "../../components/IconButton";
import { BehindChoice } from "./BehindChoice";
import { Choices } from "./Choices";
import { choice, formats, qualityRange, remember, type Format, type What } from "./choice";
import { canWriteWebp } from "./webp";
import { Output, type Work } from "./output";
import { isPicture } from "./plan";
import { Previews } from "./Previews";
import type { SaveSheetProps } from "./SaveSheetPlace";
import { Slider } from "./Slider";
import { counted, t, type Text } from "../../i18n/translate";

const whatWords: Record<What, Text> = { one: "This object", each: "Each object", all: "All together" };

/** The others go by the same name everywhere. */
const formatWords: Partial<Record<Format, Text>> = { mask: "Mask", project: "Project" };
const formatNames: Record<Format, string> = {
  png: "PNG",
  jpeg: "JPEG",
  webp: "WebP",
  mask: "",
  svg: "SVG",
  coco: "COCO",
  project: "",
};
const nameOf = (format: Format): string => (formatWords[format] ? t(formatWords[format]) : formatNames[format]);

const notes: Record<Format, Text> = {
  png: "A picture without any loss.",
  jpeg: "A small file. JPEG has no transparency: the background is filled.",
  webp: "A small file, which may be transparent.",
  mask: "White where the object is, black elsewhere, as large as the photo.",
  svg: "The outline as a path, in pixels of the photo.",
  coco: "Masks, polygons and boxes as JSON, for annotation tools.",
  project: "The photo with all objects and points, to go on later or elsewhere. It is opened like a photo.",
};

export function SaveSheet({ session, saving, onClose }: SaveSheetProps) {
  const [output] = useState(() => new Output(session, saving, onClose));
  useEffect(() => () => output.close(), [output]);
  const { format, quality } = choice.value;
  const offered = formats.filter((one) => one !== "webp" || canWriteWebp.value !== false);
  const work = output.work.value;
  const count = output.plan.value?.files.length ?? 1;
  return (
    <Dialog title={t("Save")} testId="save-sheet" onClose={onClose}>
      <div class="save-sheet" aria-busy={work !== null}>
        {format !== "project" && <Previews bitmaps={output.previews.value} />}
        <Choices
          name="format"
          legend={t("Format")}
          options={offered.map((one) => [one, nameOf(one)])}
          chosen={format}
          onChoose={(one) => remember({ format: one })}
        />
        <p class="save-note">
          {t(notes[format])} {canWriteWebp.value === false && t("This browser cannot write WebP.")}
        </p>
        {format !== "project" && output.whats.value.length > 1 && (
          <Choices
            name="what"
            legend={t("What")}
            options={output.whats.value.map((one) => [one, t(whatWords[one])])}
            chosen={output.what.value}
            onChoose={(one) => remember({ what: one })}
          />
        )}
        {isPicture(format) && (
          <>
            <BehindChoice output={output} />
            {format !== "png" && (
              <Slider
                label={t("Quality")}
                unit="%"
                range={qualityRange}
                value={quality}
                testId="quality"
                onChange={(value) => remember({ quality: value })}
              />
            )}
            <label class="save-switch">
              <input
                type="checkbox"
                data-testid="sheet-crop"
                checked={saving.crop.value}
                onChange={(event) => (saving.crop.value = event.currentTarget.checked)}
              />
              {t("Crop to the object")}
            </label>
          </>
        )}
        {output.problem.value && (
          <p class="save-problem" role="alert" data-testid="save-problem">
            {output.problem.value}
          </p>
        )}
        <footer class="save-actions">
          {work ? (
            <Working work={work} onCancel={() => output.cancel()} />
          ) : (
            <>
              <p class="save-name" data-testid="save-name">
                {output.name.value}
                {count > 1 && <span> · {counted(count, "1 file", "{count} files")}</span>}
              </p>
              {output.shares.value && (
                <IconButton
                  icon={Share2}
                  text={t("Share")}
                  label={t("Share it")}
                  testId="sheet-share"
                  disabled={!output.possible.value}
                  onClick={() => void output.share()}
                />
              )}
              {output.copies.value && (
                <IconButton
                  icon={Copy}
                  text={t("Copy")}
                  label={output.copies.value === "text" ? t("Copy it as text") : t("Copy it as a picture")}
                  testId="sheet-copy"
                  disabled={!output.possible.value}
                  onClick={() => void output.copy()}
                />
              )}
              <IconButton
                kind="primary"
                icon={Download}
                text={t("Save")}
                label={t("Save the file")}
                testId="sheet-save"
                disabled={!output.possible.value}
                onClick={() => void output.save()}
              />
            </>
          )}
        </footer>
      </div>
    </Dialog>
  );
}

function Working({ work, onCancel }: { work: Work; onCancel(): void }) {
  const { done, total } = work;
  return (
    <>
      <label class="save-name" data-testid="save-progress">
        {total > 1 ? t("Saving: {done} of {total} files", { done, total }) : t("Saving")}
        <progress max={total} value={total > 1 ? done : undefined} />
      </label>
      <IconButton icon={X} text={t("Cancel")} label={t("Cancel saving")} testId="sheet-cancel" onClick={onCancel} />
    </>
  );
}
