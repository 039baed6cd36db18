/** What the driver (bench/browser.py) calls in the page. All times are milliseconds. */

/** One way of running a model in a page. */
export interface Side {
  /** Gets ready to take a photo. Returns what it runs with. */
  load(): Promise<Runs>;
  /** Begins to load the model that is measured behind the instant tier. Only where `load` said `instant`. */
  follow?(): void;
  /** Goes from the instant tier to the model that is measured, when that is ready. */
  refine?(): Promise<Runs>;
  /** Reads the photo with the encoder. The bitmap is given away. */
  encode(photo: ImageBitmap): Promise<void>;
  /** Answers a tap on the encoded photo. */
  tap(x: number, y: number, mode: TapMode): Promise<Tap>;
}

export interface Runs {
  provider: string;
  threads: number;
  model: string;
  /** This is the small model that a first visit begins with, and `refine` brings the one that is measured. */
  instant: boolean;
}

/**
 * Of the plain recipe's decoder. `stock`: all four masks at full size. `single`: one of them. `rebuild`: like `stock`,
 * with the decoder fetched and its session made anew for every tap. The app has one decoder and ignores this.
 */
export type TapMode = "stock" | "single" | "rebuild";

export interface Tap {
  /** Until the decoder's answer is in the page. */
  answer: number;
  /** Until there is a mask of zeros and ones at the photo's own resolution. */
  mask: number;
}

export interface Bench {
  /** Settles when the model is ready; `ms` counts from the start of the navigation. */
  loaded: Promise<Runs & { ms: number }>;
  /** Does not wait for anything. */
  follow(): Promise<void>;
  /** `ms` is how long it had to be waited for. */
  refine(): Promise<Runs & { ms: number }>;
  encode(width: number, height: number): Promise<number>;
  tap(x: number, y: number, mode: TapMode): Promise<Tap>;
}

declare global {
  var bench: Bench;
}
