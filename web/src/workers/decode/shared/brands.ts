/** The names that a file of the family of MP4, HEIC and AVIF gives itself, the main one first. */
export function readBrands(view: DataView, text: (at: number, length: number) => string): readonly string[] {
  const end = Math.min(view.getUint32(0), view.byteLength, 256);
  const brands = [text(8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(at, 4));
  return brands;
}
