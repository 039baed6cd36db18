/** What was chosen in the save sheet, remembered by the browser. */
import { effect, signal } from "@preact/signals";

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

const place = "tapmask-save";

const oneOf = <T>(known: readonly T[], value: unknown): T => known.find((one) => one === value) ?? known[0]!;

const within = ({ min, max }: { min: number; max: number }, value: unknown, otherwise: number): number => (typeof value === "number" && value >= min && value <= max ? value : otherwise);

export const choice = signal<Choice>(read());

export const remember = (change: Partial<Choice>): void => void (choice.value = { ...choice.peek(), ...change });

effect(() => {
  try {
    localStorage.setItem(place, JSON.stringify(choice.value));
  } catch {
    // Storage is full or switched off: it is remembered while the page is open.
  }
});

function read(): Choice {
  let stored: Partial<Record<keyof Choice, unknown>> = {};
  try {
    stored = JSON.parse(localStorage.getItem(place) ?? "{}") ?? {};
  } catch {
    // Whatever it was, it is of no use.
  }
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
