/** Outlines as an SVG file in photo pixels: one path per object, filled with the even-odd rule. */
import type { Size } from "../engine/core/geometry";
import type { Polygon } from "./polygon";

export interface SvgShape {
  readonly name: string;
  /** As in CSS. */
  readonly colour: string;
  readonly polygons: readonly Polygon[];
}

export const pathData = (polygons: readonly Polygon[]): string =>
  polygons
    .flat()
    .map((ring) => `M${ring.map(([x, y]) => `${x} ${y}`).join("L")}Z`)
    .join("");

/** A single shape gives the file its title; several have titles of their own under the photo's. */
export function svgOf({ width, height }: Size, title: string, shapes: readonly SvgShape[]): string {
  const alone = shapes.length === 1;
  const paths = shapes.map(({ name, colour, polygons }) => {
    const attributes = `fill="${escape(colour)}" fill-rule="evenodd" d="${pathData(polygons)}"`;
    return alone ? `  <path ${attributes}/>` : `  <path ${attributes}><title>${escape(name)}</title></path>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `  <title>${escape(alone ? shapes[0]!.name : title)}</title>`,
    ...paths,
    "</svg>",
    "",
  ].join("\n");
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML allows no control characters, not even escaped. */
const escape = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cs}]/gu, " ").replaceAll(/[&<>"]/g, (character) => entities[character]!);
