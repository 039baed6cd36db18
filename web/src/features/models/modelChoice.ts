/** Which model was chosen, for the next visit. What the address asks for wins. */
import type { EngineChoice } from "../../state/engine";

const key = "tapmask-model";

type Choice = Pick<EngineChoice, "model" | "variant" | "own">;

export function rememberModel({ model, variant, own }: Choice): void {
  try {
    localStorage.setItem(key, JSON.stringify({ model, variant, own }));
  } catch {
    // storage is switched off: it is chosen again next time
  }
}

export function forgetModel(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // there is none
  }
}

/** The address' choice, completed by that of the last visit. */
export function withRemembered(choice: EngineChoice, address: URL): EngineChoice {
  if (["model", "variant", "manifest"].some((name) => address.searchParams.has(name))) return choice;
  const last = recall();
  return last ? { ...choice, ...last, remembered: true } : choice;
}

function recall(): Choice | null {
  try {
    const { model, variant, own } = JSON.parse(localStorage.getItem(key) ?? "{}") as Record<keyof Choice, unknown>;
    if (typeof own === "string") return { own };
    return typeof model === "string" && typeof variant === "string" ? { model, variant } : null;
  } catch {
    return null;
  }
}
