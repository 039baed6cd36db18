/** What the page is doing, in one word for scripts and one sentence for people. */
import type { Answer } from "./answer";
import type { EnginePhase } from "./engine";
import type { Message } from "./messages";
import type { Progress } from "../engine/segmenter";
import { decimal, t } from "../i18n/translate";

export interface Status {
  readonly state: "loading" | "ready" | "encoding" | "segmenting" | "error";
  readonly label: string;
  /** For the screen reader only: what the eye sees on the photo. */
  readonly detail: string;
  /** 0 to 1, or null where nobody can know. */
  readonly progress: number | null;
  /** Bytes, while there are any to count. */
  readonly bytes: string;
  readonly provider: string;
  /** Which of two models answers; null where there is one. */
  readonly tier: "fast" | "precise" | null;
}

export interface Situation {
  phase: EnginePhase;
  tier: Status["tier"];
  message: Message | null;
  opening: boolean;
  photo: boolean;
  encoded: boolean;
  segmenting: boolean;
  answer: Answer | null;
  candidate: number;
  /** What the object that is being edited is called. */
  name: string;
}

export function describeStatus(now: Situation): Status {
  const { phase } = now;
  const provider = phase.state === "running" ? phase.segmenter.info.provider : "";
  const plain = { detail: "", progress: null, bytes: "", provider, tier: now.tier };
  if (now.message?.tone === "error" || phase.state === "failed")
    return { ...plain, state: "error", label: now.message?.title ?? t("No model") };
  if (phase.state === "loading") return { ...plain, state: "loading", ...loading(phase.progress) };
  if (now.opening) return { ...plain, state: "encoding", label: t("Opening the photo") };
  if (now.photo && !now.encoded) return { ...plain, state: "encoding", label: t("Reading the photo") };
  if (now.segmenting) return { ...plain, state: "segmenting", label: t("Finding the object") };
  return {
    ...plain,
    state: "ready",
    label: t("Ready"),
    detail: now.answer ? describeAnswer(now.answer, now.candidate, now.name) : "",
  };
}

function loading(progress: Progress | null): Pick<Status, "label" | "progress" | "bytes"> {
  if (progress?.stage === "download") {
    const bytes = `${decimal(progress.loaded / 1e6, 1)} / ${decimal(progress.total / 1e6, 1)} MB`;
    return { label: t("Loading model"), progress: progress.total ? progress.loaded / progress.total : null, bytes };
  }
  const label =
    progress?.stage === "compile"
      ? t("Preparing model")
      : progress?.stage === "self-test"
        ? t("Checking model")
        : t("Loading model");
  return { label, progress: null, bytes: "" };
}

function describeAnswer(answer: Answer, candidate: number, name: string): string {
  if (!answer.outline(candidate).bounds) return t("Nothing found there.");
  return t("{name} selected: candidate {candidate} of {count}, {score}.", {
    name,
    candidate: candidate + 1,
    count: answer.scores.length,
    score: percent(answer.scores[candidate]!),
  });
}

/** The model's own estimate may overshoot. */
export const percent = (score: number): string => `${Math.round(Math.min(Math.max(score, 0), 1) * 100)} %`;
