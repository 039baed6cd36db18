/** The three masks that the model offers, as small pictures with the model's own scores. */
import type { Answer } from "../../state/answer";
import { percent } from "../../state/status";
import { around, useThumbnail, type Thumbnail } from "../../components/thumbnail";
import { t } from "../../i18n/translate";

interface Props {
  answer: Answer;
  bitmap: ImageBitmap;
  chosen: number;
  onChoose(candidate: number): void;
}

export function Candidates({ answer, bitmap, chosen, onChoose }: Props) {
  return (
    <div class="candidates" role="group" aria-label={t("Candidates")}>
      {answer.scores.map((score, index) => (
        <button
          key={index}
          type="button"
          class="candidate"
          data-testid={`candidate-${index + 1}`}
          aria-pressed={index === chosen}
          aria-label={t("Candidate {number}, {score}", { number: index + 1, score: percent(score) })}
          title={t("Candidate {number} ({number})", { number: index + 1 })}
          onClick={() => onChoose(index)}
        >
          <Picture answer={answer} candidate={index} bitmap={bitmap} />
          <span class="score">{percent(score)}</span>
        </button>
      ))}
    </div>
  );
}

/** Twice the size it is shown at, for sharp screens. */
const side = 176;

/** The part of the photo around all candidates, so that the three can be compared. */
function Picture({ answer, candidate, bitmap }: { answer: Answer; candidate: number; bitmap: ImageBitmap }) {
  const draw = (): Thumbnail => {
    const { photo } = answer.frame;
    const rect = around(
      answer.scores.map((_, index) => answer.outline(index)),
      photo,
    );
    return { side, bitmap, photo, rect, outline: answer.outline(candidate) };
  };
  const canvas = useThumbnail(draw, [answer, candidate, bitmap]);
  return <canvas ref={canvas} width={side} height={side} aria-hidden="true" />;
}
