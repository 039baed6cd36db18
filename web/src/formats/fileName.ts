/** Names that people give, made into names of files that every system takes. */

/** A file's whole name may have 255 bytes, of which this is a part. */
const mostBytes = 120;
/** Windows takes none of these, whatever its ending. */
const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])$/;

/**
 * In small letters of any script, with their marks, and digits; everything else becomes a hyphen. In Unicode's composed
 * form, so that what looks alike is alike.
 *
 * @returns `object` where nothing is left.
 */
export function fileName(name: string): string {
  const kept = name
    .normalize("NFC")
    .toLowerCase()
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    // A mark needs a letter to stand on.
    .replaceAll(/(^|-)\p{M}+/gu, "$1");
  const short = shorten(kept.replaceAll(/-+/g, "-").replace(/^-/, "")).replace(/-$/, "");
  return reserved.test(short) ? `${short}-object` : short || "object";
}

/**
 * Names that occur again get a number. Their letters' case does not tell them apart: on many disks it does not either.
 */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${name}-${number}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

function shorten(name: string): string {
  if (utf8Length(name) <= mostBytes) return name;
  let [bytes, length] = [0, 0];
  for (const { segment } of new Intl.Segmenter().segment(name)) {
    bytes += utf8Length(segment);
    if (bytes > mostBytes) break;
    length += segment.length;
  }
  return name.slice(0, length);
}

const utf8Length = (text: string): number =>
  [...text].reduce(
    (sum, letter) => sum + (letter < "\u0080" ? 1 : letter < "\u0800" ? 2 : letter.length > 1 ? 4 : 3),
    0,
  );
