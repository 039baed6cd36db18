/** The models that can be chosen: what the manifest offers, and what the user brought. */
import { computed, signal } from "@preact/signals";
import {
  bringModel,
  dropModel,
  listModels,
  listOwn,
  removeOwn,
  type ModelEntry,
  type Offer,
} from "../../engine/segmenter";
import type { Engine } from "../../state/engine";
import { engineMessage } from "../../state/messages";
import type { Precise } from "../../state/precise";
import { chooseTiers, tiers, type TierChoice } from "../../state/tierChoice";
import { forgetModel, rememberModel } from "./modelChoice";
import { t } from "../../i18n/translate";

/** What came of the two files that were chosen. */
export type Trial =
  | { readonly state: "none" }
  | { readonly state: "checking" }
  /** The files do not say how large a picture the model takes. */
  | { readonly state: "size-unknown"; readonly files: readonly [File, File] }
  /** Sentences: what does not fit. */
  | { readonly state: "refused"; readonly problems: readonly string[] };

export class Models {
  /** Null: not known yet. */
  readonly offers = signal<readonly Offer[] | null>(null);
  readonly own = signal<readonly ModelEntry[]>([]);
  readonly trial = signal<Trial>({ state: "none" });
  /** Why the last choice did not come about. */
  readonly problem = signal<string | null>(null);
  readonly switching = signal(false);

  constructor(
    private readonly engine: Engine,
    private readonly precise: Precise,
  ) {}

  /**
   * `model/variant` of what was chosen and runs: where an instant model goes before the default, that is the default.
   */
  readonly running = computed(() => {
    const info = this.engine.segmenter.value?.info;
    if (!info) return null;
    const chosen = info.finer === null ? undefined : this.offers.value?.find(({ isDefault }) => isDefault);
    return chosen ? nameOf(chosen) : `${info.model.id}/${info.variant}`;
  });
  /** Does an instant model go before the default, or could it? */
  readonly tiered = computed(
    () =>
      this.engine.segmenter.value !== null &&
      this.engine.isDefault &&
      (this.offers.value?.some(({ isInstant }) => isInstant) ?? false),
  );
  /** How far the precise model is, behind the fast one. */
  readonly preciseState = computed(() => this.precise.state.value);
  /** Why there is none, in words. */
  readonly preciseProblem = computed(() =>
    this.precise.problem.value === null ? null : words(this.precise.problem.value),
  );
  readonly busy = computed(
    () => this.switching.value || this.trial.value.state === "checking" || this.engine.phase.value.state === "loading",
  );

  /** Looks again at what there is. */
  async refresh(): Promise<void> {
    try {
      [this.offers.value, this.own.value] = await Promise.all([
        listModels(this.engine.manifest).catch(() => []),
        listOwn(),
      ]);
    } catch (error) {
      this.problem.value = words(error);
    }
  }

  /** Does one of the models that run need these files? */
  isRunning(offer: Offer): boolean {
    const infos = [this.engine.segmenter.value?.info, this.precise.segmenter.value?.info];
    return infos.some((info) => info && `${info.model.id}/${info.variant}` === nameOf(offer));
  }

  async choose({ model, variant, isDefault }: Offer): Promise<void> {
    if (!(await this.change(isDefault ? {} : { model: model.id, variant }))) return;
    if (isDefault) forgetModel();
    else rememberModel({ model: model.id, variant });
  }

  async chooseOwn({ id }: ModelEntry): Promise<void> {
    if (await this.change({ own: id })) rememberModel({ own: id });
  }

  /** One model or two. The first one is loaded anew where another one comes first now. */
  async chooseTiers(choice: TierChoice): Promise<void> {
    const before = tiers.peek();
    chooseTiers(choice);
    if ((before === "precise") !== (choice === "precise")) await this.change({});
  }

  retryPrecise(): void {
    this.precise.retry();
  }

  async drop(offer: Offer): Promise<void> {
    await dropModel(this.engine.manifest, offer);
    await this.refresh();
  }

  /** Removes a model that the user brought. One that runs makes room for the default first. */
  async remove({ id }: ModelEntry): Promise<void> {
    if (this.running.peek()?.startsWith(`${id}/`)) {
      if (!(await this.change({}))) return;
      forgetModel();
    }
    await removeOwn(id);
    await this.refresh();
  }

  /**
   * Tries two files out and, when they are a model, runs it.
   *
   * @param size Its input size, where the files did not say it.
   */
  async bring(files: readonly File[], size: number | null = null): Promise<void> {
    this.problem.value = null;
    const [first, second, third] = files;
    if (!first || !second || third) {
      this.trial.value = {
        state: "refused",
        problems: [t("A model of your own is two files: choose the encoder and the decoder together.")],
      };
      return;
    }
    this.trial.value = { state: "checking" };
    try {
      const brought = await bringModel([first, second], size);
      if (brought.result === "misfit") this.trial.value = { state: "refused", problems: brought.problems };
      else if (brought.result === "size-unknown") this.trial.value = { state: "size-unknown", files: [first, second] };
      else {
        this.trial.value = { state: "none" };
        await this.refresh();
        await this.chooseOwn(brought.model);
      }
    } catch (error) {
      this.trial.value = { state: "refused", problems: [words(error)] };
    }
  }

  /** @returns Whether it runs. */
  private async change(to: Parameters<Engine["change"]>[0]): Promise<boolean> {
    this.switching.value = true;
    this.problem.value = null;
    try {
      await this.engine.change(to);
      return true;
    } catch (error) {
      this.problem.value = words(error);
      return false;
    } finally {
      this.switching.value = false;
      await this.refresh();
    }
  }
}

export const nameOf = ({ model, variant }: Pick<Offer, "model" | "variant">): string => `${model.id}/${variant}`;

function words(error: unknown): string {
  const { title, text } = engineMessage(error);
  return text ? `${title}: ${text}` : title;
}
