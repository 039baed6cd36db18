/** What the model computed for a photo: kept, so that a photo that comes back need not be read again. */
import { EngineError, type EncodedImage, type SavedEmbeddings, type Segmenter } from "../../engine/segmenter";
import type { Size } from "../../engine/core/geometry";
import type { Recall } from "../../state/eye";
import { keepsNothing } from "./remembered";
import type { Store } from "./store";

/** How many photos' embeddings are kept: some megabytes each. */
const maxKept = 12;

/** The memory of one photo. */
export class PhotoEmbeddings implements Recall {
  constructor(
    private readonly store: Store,
    private readonly photo: string,
    /** Pixels of the photo: embeddings of a photo of another size are not its own. */
    private readonly size: Size,
    private readonly isKept: () => boolean,
  ) {}

  /** Null: they have to be computed. @throws EngineError when the engine itself is gone. */
  async recall(segmenter: Segmenter): Promise<EncodedImage | null> {
    if (isQuick(segmenter)) return null;
    const key = keyOf(this.photo, segmenter);
    const saved = (await this.store.embeddings(key)) as SavedEmbeddings | null;
    if (!saved) return null;
    try {
      const image = await segmenter.restore(saved);
      if (image.width === this.size.width && image.height === this.size.height) return image;
      image.release();
    } catch (error) {
      if (!(error instanceof EngineError && error.code === "bad-input")) throw error;
    }
    // Damaged, or not what it says: it would be as useless the next time.
    await this.store.removeEmbeddings([key]);
    return null;
  }

  async keep(segmenter: Segmenter, image: EncodedImage): Promise<void> {
    if (keepsNothing.peek() || isQuick(segmenter)) return;
    // A photo that was closed meanwhile is simply read again.
    const saved: SavedEmbeddings | null = await image.save().catch(() => null);
    if (!saved || !this.isKept()) return;
    const bytes = Object.values(saved.tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
    await this.store.putEmbeddings(
      { key: keyOf(this.photo, segmenter), photo: this.photo, made: Date.now(), bytes, saved },
      maxKept,
    );
  }
}

/** The instant model reads a photo about as fast as storage does: the room is for what takes longer. */
const isQuick = ({ info }: Segmenter): boolean => info.finer !== null;

/** The encoder's own checksum: a model that was published anew under its old name has other embeddings. */
function keyOf(photo: string, { info }: Segmenter): string {
  return `${photo}:${info.model.variants[info.variant]!.encoder.sha256}:${info.model.input_size}`;
}
