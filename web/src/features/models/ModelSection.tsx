/** Which model answers: the ones this page offers, and the user's own. */
import { Trash2 } from "lucide-preact";
import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ModelEntry, Offer } from "../../engine/segmenter";
import { nameOf, type Models } from "./models";
import { TierSection } from "./TierSection";
import { formatBytes } from "../../state/download";
import { IconButton } from "../../components/IconButton";
import { decimal, t } from "../../i18n/translate";

export function ModelSection({ models }: { models: Models }) {
  useEffect(() => void models.refresh(), [models]);
  const offers = models.offers.value;
  const running = models.running.value;
  const busy = models.busy.value;
  return (
    <section class="settings-section" aria-labelledby="model-heading" data-testid="models">
      <h3 id="model-heading">{t("The model")}</h3>
      {!offers && <p>{t("The list is being read.")}</p>}
      {offers?.length === 0 && <p>{t("The list of models could not be read.")}</p>}
      <fieldset class="models" disabled={busy} aria-labelledby="model-heading">
        {offers?.map((offer) => (
          <Choice
            key={nameOf(offer)}
            id={nameOf(offer)}
            title={`${offer.model.title} · ${offer.variant}`}
            facts={factsOf(offer)}
            chosen={running === nameOf(offer)}
            onChoose={() => void models.choose(offer)}
            remove={
              offer.kept === "ours" && !models.isRunning(offer)
                ? {
                    label: t("Delete {name} from this device", { name: `${offer.model.title} ${offer.variant}` }),
                    run: () => void models.drop(offer),
                  }
                : null
            }
          />
        ))}
        {models.own.value.map((model) => (
          <Choice
            key={model.id}
            id={model.id}
            title={model.title}
            facts={ownFacts(model)}
            chosen={running?.startsWith(`${model.id}/`) ?? false}
            onChoose={() => void models.chooseOwn(model)}
            remove={{ label: t("Remove {name}", { name: model.title }), run: () => void models.remove(model) }}
          />
        ))}
      </fieldset>
      {models.switching.value && (
        <p role="status">{t("The model is being loaded. Your photo and your objects stay.")}</p>
      )}
      {models.problem.value && (
        <p role="alert" class="settings-problem" data-testid="model-problem">
          {models.problem.value} {t("The model before it runs again.")}
        </p>
      )}
      {models.tiered.value && <TierSection models={models} busy={busy} />}
      <BringYourOwn models={models} busy={busy} />
    </section>
  );
}

interface ChoiceProps {
  id: string;
  title: string;
  facts: readonly string[];
  chosen: boolean;
  onChoose(): void;
  remove: { label: string; run(): void } | null;
}

function Choice({ id, title, facts, chosen, onChoose, remove }: ChoiceProps) {
  return (
    <div class="model-choice" data-testid={`model-${id}`} data-chosen={chosen}>
      <label>
        <input type="radio" name="model" value={id} checked={chosen} onChange={onChoose} />
        <span class="model-words">
          <strong>{title}</strong>
          <span>
            {facts.map((fact, index) => (
              <Fragment key={fact}>
                {index > 0 && " · "}
                <bdi>{fact}</bdi>
              </Fragment>
            ))}
          </span>
        </span>
      </label>
      {remove && <IconButton icon={Trash2} label={remove.label} onClick={remove.run} />}
    </div>
  );
}

function BringYourOwn({ models, busy }: { models: Models; busy: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const [size, setSize] = useState("1024");
  const trial = models.trial.value;
  return (
    <>
      <h4>{t("A model of your own")}</h4>
      <p>
        {t(
          "Choose two ONNX files together, an encoder and a decoder, as segment-anything's export script writes them or as this project does. They are tried out first, and stay on this device.",
        )}
      </p>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        accept=".onnx"
        multiple
        tabIndex={-1}
        aria-label={t("Encoder and decoder")}
        data-testid="own-files"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          if (files.length) void models.bring(files);
        }}
      />
      <button
        type="button"
        class="button quiet"
        disabled={busy}
        data-testid="choose-own"
        onClick={() => input.current!.click()}
      >
        {t("Choose two files")}
      </button>
      {trial.state === "checking" && <p role="status">{t("The files are being tried out.")}</p>}
      {trial.state === "size-unknown" && (
        <form
          class="own-size"
          onSubmit={(event) => {
            event.preventDefault();
            void models.bring(trial.files, Number(size));
          }}
        >
          <label for="own-size">
            {t("The files do not say how large a picture the model takes. Pixels on a side:")}
          </label>
          <input
            id="own-size"
            type="number"
            min={64}
            max={4096}
            step={4}
            required
            value={size}
            data-testid="own-size"
            onInput={(event) => setSize(event.currentTarget.value)}
          />
          <button type="submit" class="button">
            {t("Try it")}
          </button>
        </form>
      )}
      {trial.state === "refused" && (
        <div role="alert" class="settings-problem" data-testid="own-problem">
          <p>{t("These files are not a model that can run here. The running model stays.")}</p>
          <ul>
            {trial.problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function factsOf({ model, variant, bytes, isDefault, isInstant, kept }: Offer): string[] {
  const quality = qualityOf(model, variant);
  const place = kept === "page" ? t("on this device, with the page") : kept === "ours" ? t("on this device") : null;
  return [
    formatBytes(bytes),
    model.licence,
    quality,
    isDefault ? t("the default") : isInstant ? t("answers first") : null,
    place,
  ].filter((fact) => fact !== null);
}

/** The first figure that was measured on a data set. */
function qualityOf(model: ModelEntry, variant: string): string | null {
  const benchmarks = (model.variants[variant]?.quality.benchmarks ?? {}) as Record<string, Record<string, unknown>>;
  for (const [name, figures] of Object.entries(benchmarks)) {
    const value = figures.click1_miou;
    if (typeof value === "number")
      return t("one tap: {value} mean IoU on {name}", { value: decimal(value, 2), name: name.toUpperCase() });
  }
  return null;
}

function ownFacts(model: ModelEntry): string[] {
  const { encoder, decoder } = Object.values(model.variants)[0]!;
  return [formatBytes(encoder.bytes + decoder.bytes), t("your own, {size} pixels", { size: model.input_size })];
}
