/** What one pointer on the photo does. */
export type Tool = "tap" | "scribble" | "lasso" | "brush" | "eraser";

/** Tools that change the mask itself, and have a size. */
export const paints = (tool: Tool): boolean => tool === "brush" || tool === "eraser";
