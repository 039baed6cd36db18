/** What is behind the object: nothing, a colour, the photo out of focus, or another photo. */
import { ImagePlus } from "lucide-preact";
import { useId, useRef } from "preact/hooks";
import { Choices } from "./Choices";
import { behinds, blurRange, choice, remember, type Choice } from "./choice";
import type { Output } from "./output";
import { Slider } from "./Slider";
import { t, type Text } from "../../i18n/translate";

const words: Record<Choice["behind"], Text> = {
  none: "Transparent",
  colour: "Colour",
  blur: "Blurred photo",
  photo: "Another photo",
};

export function BehindChoice({ output }: { output: Output }) {
  const { format, behind, blur } = choice.value;
  const opaque = format === "jpeg";
  const shown = opaque && behind === "none" ? "colour" : behind;
  return (
    <>
      <Choices
        name="behind"
        legend={t("Background")}
        options={behinds.filter((one) => !opaque || one !== "none").map((one) => [one, t(words[one])])}
        chosen={shown}
        onChoose={(one) => remember({ behind: one })}
      />
      {shown === "colour" && <Colour />}
      {shown === "blur" && (
        <Slider
          label={t("Blur")}
          unit="%"
          range={blurRange}
          value={blur}
          testId="blur"
          onChange={(value) => remember({ blur: value })}
        />
      )}
      {shown === "photo" && <Backdrop output={output} />}
    </>
  );
}

function Colour() {
  const id = useId();
  const { colour } = choice.value;
  return (
    <div class="colour">
      <label for={id}>{t("Colour")}</label>
      <input
        id={id}
        type="color"
        value={colour}
        data-testid="colour"
        onInput={(event) => remember({ colour: event.currentTarget.value })}
      />
      <output for={id}>{colour}</output>
    </div>
  );
}

function Backdrop({ output }: { output: Output }) {
  const input = useRef<HTMLInputElement>(null);
  const file = output.backdrop.value;
  return (
    <div class="backdrop">
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        accept="image/*"
        data-testid="backdrop-input"
        aria-label={t("Photo for the background")}
        tabIndex={-1}
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0];
          // So that the same file can be chosen again.
          event.currentTarget.value = "";
          if (chosen) void output.setBackdrop(chosen);
        }}
      />
      <button type="button" class="chip-button" onClick={() => input.current!.click()}>
        <ImagePlus />
        {file ? t("Choose another") : t("Choose the photo")}
      </button>
      <span class="backdrop-name">{file?.name ?? t("It will fill what is saved.")}</span>
    </div>
  );
}
