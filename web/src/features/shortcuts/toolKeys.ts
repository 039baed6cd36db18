/** Keys of the tools that draw, and of what refines a mask. */
import type { Prompting } from "../../state/prompting";
import { toolKeys } from "../../state/tool";

/** The brush grows or shrinks by this factor. */
const step = 1.25;

export function toolAction(key: string, prompting: Prompting): (() => void) | null {
  const { drawing, refining } = prompting;
  const tool = toolKeys[key];
  if (tool) return () => drawing.choose(tool);
  if (key === "[") return () => drawing.resize(1 / step);
  if (key === "]") return () => drawing.resize(step);
  if (key === "f") return () => refining.toggle();
  if (key === "g") return () => prompting.tighten();
  return null;
}
