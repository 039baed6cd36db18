/** The files before they are made, small. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/translate";

export function Previews({ bitmaps }: { bitmaps: readonly ImageBitmap[] }) {
  return (
    <div
      class={bitmaps.length > 1 ? "previews several" : "previews"}
      data-testid="previews"
      data-count={bitmaps.length}
    >
      {bitmaps.map((bitmap, i) => (
        <Preview key={i} bitmap={bitmap} />
      ))}
    </div>
  );
}

function Preview({ bitmap }: { bitmap: ImageBitmap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const { width, height } = bitmap;
    // Closed ones are about to be replaced.
    if (!width) return;
    Object.assign(canvas.current!, { width, height });
    canvas.current!.getContext("2d")!.drawImage(bitmap, 0, 0);
  }, [bitmap]);
  return <canvas ref={canvas} role="img" aria-label={t("Preview")} />;
}
