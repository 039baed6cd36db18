/** What was chosen in the save sheet, remembered by the browser. */
import { parsed, Persisted } from "../../state/persisted";

export const whats = ["one", "each", "all"] as const;
export const formats = ["png", "jpeg", "webp", "mask", "svg", "coco", "project"] as const;
export const behinds = ["none", "colour", "blur", "photo"] as const;

/** This object, each visible object in a file of its own, or all of them together. */
export type What = (typeof whats)[number];
export type Format = (typeof formats)[number];

export interface Choice {
  readonly what: What;
  readonly format: Format;
  readonly crop: boolean;
  readonly behind: (typeof behinds)[number];
  /** `#rrggbb` */
  readonly colour: string;
  /** Percent of the photo's longer side. */
  readonly blur: number;
  /** Percent, for JPEG and WebP. */
  readonly quality: number;
}

export const blurRange = { min: 0.4, max: 5, step: 0.1 } as const;
export const qualityRange = { min: 50, max: 100, step: 1 } as const;

const oneOf = <T>(known: readonly T[], value: unknown): T => known.find((one) => one === value) ?? known[0]!;

const within = ({ min, max }: { min: number; max: number }, value: unknown, otherwise: number): number =>
  typeof value === "number" && value >= min && value <= max ? value : otherwise;

const store = new Persisted<Choice>("tapmask-save", {
  read: (text) => complete((parsed(text) ?? {}) as Partial<Record<keyof Choice, unknown>>),
  write: JSON.stringify,
});

export const choice = store.signal;

export const remember = (change: Partial<Choice>): void => store.set({ ...choice.peek(), ...change });

/** What is missing or damaged gets its default. */
function complete(stored: Partial<Record<keyof Choice, unknown>>): Choice {
  return {
    what: oneOf(whats, stored.what),
    format: oneOf(formats, stored.format),
    crop: stored.crop === true,
    // Which photo it was is not remembered.
    behind: stored.behind === "photo" ? "none" : oneOf(behinds, stored.behind),
    colour: typeof stored.colour === "string" && /^#[0-9a-f]{6}$/i.test(stored.colour) ? stored.colour : "#ffffff",
    blur: within(blurRange, stored.blur, 1.5),
    quality: within(qualityRange, stored.quality, 90),
  };
}
