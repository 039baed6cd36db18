/** Which model was chosen, for the next visit. What the address asks for wins. */
import type { EngineChoice } from "../../state/engine";
import { parsed, readStored, writeStored } from "../../state/persisted";

const key = "tapmask-model";

type Choice = Pick<EngineChoice, "model" | "variant" | "own">;

export const rememberModel = ({ model, variant, own }: Choice): void =>
  writeStored(key, JSON.stringify({ model, variant, own }));

export const forgetModel = (): void => writeStored(key, null);

/** The address' choice, completed by that of the last visit. */
export function withRemembered(choice: EngineChoice, address: URL): EngineChoice {
  if (["model", "variant", "manifest"].some((name) => address.searchParams.has(name))) return choice;
  const last = recall();
  return last ? { ...choice, ...last, remembered: true } : choice;
}

function recall(): Choice | null {
  const { model, variant, own } = (parsed(readStored(key)) ?? {}) as Record<keyof Choice, unknown>;
  if (typeof own === "string") return { own };
  return typeof model === "string" && typeof variant === "string" ? { model, variant } : null;
}
