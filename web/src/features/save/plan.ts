/** Which files a choice stands for. */
import { colourOf } from "../../state/palette";
import { distinct, fileName } from "../../formats/fileName";
import { shownName } from "../../i18n/names";
import { shaped } from "./saving";
import type { Found, Session } from "../../state/session";
import type { Choice, Format, What } from "./choice";
import type {
  Behind,
  Job,
  NamedSelection,
  PictureFormat,
  PlannedFile,
  Selection,
} from "../../workers/save/shared/protocol";

export interface Plan {
  /** Several go into one ZIP. */
  readonly files: readonly PlannedFile[];
  /** What is shown of them. */
  readonly previews: readonly Job[];
  /** What the browser offers the file as. */
  readonly name: string;
  /** Null where it is no picture that could be copied as one. */
  readonly asPng: Job | null;
}

/** More would be too small to see. */
const maxPreviews = 6;

export const isPicture = (format: Format): format is PictureFormat =>
  format === "png" || format === "jpeg" || format === "webp";

/** JPEG has no transparency. */
export const behindOf = ({ format, behind, colour, blur }: Choice): Behind => {
  if (behind === "blur") return { kind: "blur", amount: blur / 100 };
  if (behind === "photo") return { kind: "photo" };
  return behind === "colour" || format === "jpeg" ? { kind: "colour", colour } : { kind: "none" };
};

/** @param found The objects to save: not empty. */
export function plan(choice: Choice, what: What, session: Session, found: readonly Found[]): Plan {
  const { photo } = session;
  if (what === "each" && choice.format !== "coco") return planEach(choice, photo.name, found);
  const alone = what === "one";
  const stem =
    session.objects.peek().length === 1
      ? photo.name
      : `${photo.name}-${alone ? fileName(shownName(found[0]!.object)) : "all"}`;
  const file = fileOf(choice, stem, photo, found);
  const asPng =
    file.job.kind === "picture"
      ? ({ ...file.job, format: "png" } as const)
      : file.job.kind === "mask"
        ? file.job
        : null;
  return { files: [file], previews: [file.job], name: file.name, asPng };
}

/** Files are named after their objects; a mask goes with every cut-out. */
function planEach(choice: Choice, photo: string, found: readonly Found[]): Plan {
  const stems = distinct(found.map(({ object }) => fileName(shownName(object))));
  const own = found.map((one, i) => fileOf(choice, stems[i]!, { name: photo, blob: null }, [one]));
  const masks = isPicture(choice.format)
    ? found.map((one, i) => fileOf({ ...choice, format: "mask" }, stems[i]!, { name: photo, blob: null }, [one]))
    : [];
  return {
    files: own.flatMap((file, i) => [file, masks[i] ?? []].flat()),
    previews: own.slice(0, maxPreviews).map(({ job }) => job),
    name: `${photo}-objects.zip`,
    asPng: null,
  };
}

function fileOf(
  choice: Choice,
  stem: string,
  photo: { readonly name: string; readonly blob: Blob | null },
  found: readonly Found[],
): PlannedFile {
  const { format, crop, quality } = choice;
  switch (format) {
    case "png":
    case "jpeg":
    case "webp":
      return {
        name: `${stem}-cutout.${format === "jpeg" ? "jpg" : format}`,
        job: {
          kind: "picture",
          selection: select(found),
          crop,
          behind: behindOf(choice),
          format,
          quality: quality / 100,
        },
      };
    case "mask":
      return { name: `${stem}-mask.png`, job: { kind: "mask", selection: select(found) } };
    case "svg":
      return { name: `${stem}.svg`, job: { kind: "svg", title: photo.name, objects: found.map(named) } };
    case "coco":
      return {
        name: `${stem}-coco.json`,
        job: {
          kind: "coco",
          file: photo.blob ? originalName(photo.name, photo.blob) : photo.name,
          objects: found.map(named),
        },
      };
    case "project":
      throw new TypeError("A project is not planned: it holds the whole document.");
  }
}

const select = (found: readonly Found[]): Selection => ({
  key: found
    .map(
      ({ object, answer, candidate, current }) =>
        `${object.id}.${object.revision}.${answer.by}.${candidate}.${current}`,
    )
    .join(" "),
  shapes: shaped(found),
});

const named = (found: Found): NamedSelection => ({
  ...select([found]),
  name: shownName(found.object),
  colour: colourOf(found.object.colour),
});

/** The photo's file name with its ending. */
export const originalName = (stem: string, blob: Blob): string =>
  blob instanceof File && blob.name.includes(".") ? blob.name : `${stem}.${endings[blob.type] ?? "jpg"}`;

const endings: Record<string, string> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/avif": "avif",
  "image/heic": "heic",
  "image/bmp": "bmp",
};
