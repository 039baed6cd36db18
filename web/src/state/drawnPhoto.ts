/** A photo that needs no download: three discs in front of a gradient. */
export function drawPhoto(width: number, height: number): ImageBitmap {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d")!;
  const sky = context.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, "#27496d");
  sky.addColorStop(1, "#a3c9a8");
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  ["#d1495b", "#edae49", "#f4f1de"].forEach((colour, i) => {
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(
      width * (0.25 + 0.25 * i),
      height * 0.5,
      width * 0.09,
      height * (0.12 + 0.06 * i),
      0,
      0,
      2 * Math.PI,
    );
    context.fill();
  });
  return canvas.transferToImageBitmap();
}
