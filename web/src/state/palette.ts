/**
 * Colours of objects: after Okabe and Ito, so that colour-blind people can tell them apart; the first is the accent.
 */
const colours = ["#2f6bff", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#56b4e9", "#9a6cff"] as const;

/** Many colours at once: neighbours in the list are far apart on the colour wheel, by the golden angle. */
export const manyColours = (number: number): string => `hsl(${(number * 137.5) % 360} 85% 58%)`;

/** @param index The object's own; it goes round. */
export const colourOf = (index: number): string => colours[index % colours.length]!;
