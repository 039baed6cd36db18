/** What an object looks like, in a frame of its colour. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { PhotoObject } from "../../document/document";
import { colourOf } from "../../state/palette";
import type { Session } from "../../state/session";
import { around, useThumbnail } from "../../components/thumbnail";

/** Twice the size it is shown at, for sharp screens. */
const side = 80;

export function ObjectPicture({ session, object }: { session: Session; object: PhotoObject }) {
  const found = session.find(object);
  const { preview: bitmap, width, height } = session.photo;
  const photo = { width, height };
  const outline = found?.outline ?? null;
  const canvas = useThumbnail(
    () => ({ side, bitmap, photo, rect: around(outline ? [outline] : [], photo), outline }),
    [outline, bitmap],
  );
  const frame = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => frame.current!.style.setProperty("--object", colourOf(object.colour)), [object.colour]);
  return (
    <span ref={frame} class={object.hidden ? "object-picture object-hidden" : "object-picture"} aria-hidden="true">
      <canvas ref={canvas} width={side} height={side} />
    </span>
  );
}
