/** The three masks that the model offers, as small pictures with the model's own scores. */
import { useEffect, useRef } from "preact/hooks";
import type { Rect } from "../../core/geometry";
import type { Answer } from "../answer";
import { percent } from "../status";

interface Props {
  answer: Answer;
  bitmap: ImageBitmap;
  chosen: number;
  onChoose(candidate: number): void;
}

export function Candidates({ answer, bitmap, chosen, onChoose }: Props) {
  return (
    <div class="candidates" role="group" aria-label="Candidates">
      {answer.scores.map((score, index) => (
        <button
          key={index}
          type="button"
          class="candidate"
          data-testid={`candidate-${index + 1}`}
          aria-pressed={index === chosen}
          aria-label={`Candidate ${index + 1}, ${percent(score)}`}
          title={`Candidate ${index + 1} (${index + 1})`}
          onClick={() => onChoose(index)}
        >
          <Thumbnail answer={answer} candidate={index} bitmap={bitmap} />
          <span class="score">{percent(score)}</span>
        </button>
      ))}
    </div>
  );
}

/** Twice the size it is shown at, for sharp screens. */
const side = 176;

/** The part of the photo around all candidates, so that the three can be compared. */
function Thumbnail({ answer, candidate, bitmap }: { answer: Answer; candidate: number; bitmap: ImageBitmap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const { photo } = answer.frame;
    const rect = around(answer);
    const scale = side / Math.max(rect.width, rect.height);
    context.resetTransform();
    context.clearRect(0, 0, side, side);
    context.setTransform(scale, 0, 0, scale, side / 2 - (rect.x + rect.width / 2) * scale, side / 2 - (rect.y + rect.height / 2) * scale);
    context.globalAlpha = 0.25;
    context.drawImage(bitmap, 0, 0, photo.width, photo.height);
    context.globalAlpha = 1;
    context.clip(answer.outline(candidate).path, "evenodd");
    context.drawImage(bitmap, 0, 0, photo.width, photo.height);
  }, [answer, candidate, bitmap]);
  return <canvas ref={canvas} width={side} height={side} aria-hidden="true" />;
}

function around(answer: Answer): Rect {
  const { photo } = answer.frame;
  const all = answer.scores.map((_, index) => answer.outline(index).bounds).filter((bounds) => bounds !== null);
  if (!all.length) return { x: 0, y: 0, ...photo };
  const left = Math.min(...all.map(({ x }) => x));
  const top = Math.min(...all.map(({ y }) => y));
  const right = Math.max(...all.map(({ x, width }) => x + width));
  const bottom = Math.max(...all.map(({ y, height }) => y + height));
  const margin = 0.06 * Math.max(right - left, bottom - top);
  return { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin };
}
