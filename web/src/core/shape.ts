/** What an object looks like on the photo: the model's answer, and what was done to it since. */
import type { LowResMask } from "./prompt";

export interface Shape {
  readonly mask: LowResMask;
}
