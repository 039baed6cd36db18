/** How to begin; goes away with the first tap. */
export function Hint() {
  return (
    <p class="hint">
      <span class="for-touch">Tap an object. Drag draws a box, a long press leaves out.</span>
      <span class="for-mouse">Click an object. Drag draws a box, a right click leaves out.</span>
    </p>
  );
}
