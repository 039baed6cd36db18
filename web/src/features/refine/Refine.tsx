/** What is done to the mask of the active object; the photo shows it at once. */
import { RotateCcw, X } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import {
  defaultPostprocessing,
  isSoft,
  noPostprocessing,
  samePostprocessing,
  type Postprocessing,
} from "../../postprocess/postprocess";
import type { Size } from "../../engine/core/geometry";
import type { Refining } from "../../state/refining";
import { IconButton } from "../../components/IconButton";
import { shortcutOf, type Action } from "../../state/action";
import { t, type Text } from "../../i18n/translate";

type Choices<T> = readonly (readonly [value: T, words: Text])[];

interface Props {
  finish: Postprocessing;
  photo: Size;
  refining: Refining;
  /** Opens and closes the panel. */
  toggle: Action;
}

const partChoices: Choices<Postprocessing["parts"]> = [
  ["all", "All"],
  ["large", "No specks"],
  ["tapped", "Tapped one"],
];

const holeChoices: Choices<Postprocessing["holes"]> = [
  ["keep", "Keep"],
  ["small", "Fill small"],
  ["fill", "Fill all"],
];

export function Refine({ finish, photo, refining, toggle }: Props) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current!.focus(), []);
  const most = Math.max(20, Math.round(Math.max(photo.width, photo.height) / 40));
  return (
    <section
      ref={panel}
      class="panel refine"
      aria-label={t("Refine the mask")}
      data-testid="refine-panel"
      tabIndex={-1}
    >
      <header>
        <h2>{t("Refine")}</h2>
        <IconButton
          icon={X}
          label={t("Close")}
          hint={shortcutOf(toggle)}
          testId="refine-close"
          onClick={() => (refining.open.value = false)}
        />
      </header>
      <Choice
        name={t("Pieces")}
        field="parts"
        choices={partChoices}
        value={finish.parts}
        onChoose={(parts) => refining.set({ parts })}
      />
      <Choice
        name={t("Holes")}
        field="holes"
        choices={holeChoices}
        value={finish.holes}
        onChoose={(holes) => refining.set({ holes })}
      />
      <label class="refine-switch">
        <span>{t("Edges follow the photo")}</span>
        <input
          type="checkbox"
          role="switch"
          checked={finish.edges}
          data-testid="finish-edges"
          onChange={(event) => refining.set({ edges: event.currentTarget.checked })}
        />
      </label>
      <label class="refine-switch">
        <span>{t("Soft edges in cut-outs")}</span>
        <input
          type="checkbox"
          role="switch"
          checked={isSoft(finish)}
          disabled={finish.grow !== 0 || finish.feather !== 0}
          data-testid="finish-soft"
          onChange={(event) => refining.set({ soft: event.currentTarget.checked })}
        />
      </label>
      <Slider
        name={t("Smooth")}
        field="smooth"
        value={finish.smooth}
        least={0}
        most={20}
        words={String(finish.smooth)}
        onSlide={(smooth, done) => refining.set({ smooth }, done)}
      />
      <Slider
        name={t("Grow or shrink")}
        field="grow"
        value={finish.grow}
        least={-most}
        most={most}
        words={t("{count} px", { count: finish.grow })}
        onSlide={(grow, done) => refining.set({ grow }, done)}
      />
      <Slider
        name={t("Feather")}
        field="feather"
        value={finish.feather}
        least={0}
        most={2 * most}
        words={t("{count} px", { count: finish.feather })}
        onSlide={(feather, done) => refining.set({ feather }, done)}
      />
      <footer>
        <button
          type="button"
          class="icon-button"
          data-testid="finish-raw"
          aria-pressed={samePostprocessing(finish, noPostprocessing)}
          title={t("The model's answer as it is")}
          onClick={() => refining.set(noPostprocessing)}
        >
          {t("Raw mask")}
        </button>
        <IconButton
          icon={RotateCcw}
          text={t("Reset")}
          label={t("Reset")}
          testId="finish-reset"
          disabled={samePostprocessing(finish, defaultPostprocessing)}
          onClick={() => refining.set(defaultPostprocessing)}
        />
      </footer>
    </section>
  );
}

interface ChoiceProps<T extends string> {
  name: string;
  field: string;
  choices: Choices<T>;
  value: T;
  onChoose(value: T): void;
}

function Choice<T extends string>({ name, field, choices, value, onChoose }: ChoiceProps<T>) {
  return (
    <div class="refine-choice" role="group" aria-label={name}>
      <span>{name}</span>
      <div>
        {choices.map(([choice, words]) => (
          <button
            key={choice}
            type="button"
            class="icon-button"
            data-testid={`finish-${field}-${choice}`}
            aria-pressed={choice === value}
            onClick={() => onChoose(choice)}
          >
            {t(words)}
          </button>
        ))}
      </div>
    </div>
  );
}

interface SliderProps {
  name: string;
  field: string;
  value: number;
  least: number;
  most: number;
  words: string;
  onSlide(value: number, done: boolean): void;
}

const Slider = ({ name, field, value, least, most, words, onSlide }: SliderProps) => (
  <label class="refine-slider">
    <span>{name}</span>
    <output>{words}</output>
    <input
      type="range"
      class="slider"
      min={least}
      max={most}
      value={value}
      data-testid={`finish-${field}`}
      onInput={(event) => onSlide(event.currentTarget.valueAsNumber, false)}
      onChange={(event) => onSlide(event.currentTarget.valueAsNumber, true)}
    />
  </label>
);
