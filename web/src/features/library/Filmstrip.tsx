/** The photos that are kept open, as small pictures: a tap shows one, the bin takes it out. */
import { Trash2 } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import type { Album, KeptPhoto } from "./album";
import { stem } from "../../state/photo";
import { IconButton } from "../../components/IconButton";
import { t } from "../../i18n/translate";

interface Props {
  album: Album;
  onShow(id: string): void;
}

export function Filmstrip({ album, onShow }: Props) {
  const photos = album.photos.value;
  const shown = album.shown.value;
  // One photo that is open needs no strip; at the start it is the way back to it.
  const min = shown === null ? 1 : 2;
  return photos.length < min || (shown === null && album.returning.value) ? null : (
    <Strip album={album} photos={photos} shown={shown} onShow={onShow} />
  );
}

function Strip({ album, photos, shown, onShow }: Props & { photos: readonly KeptPhoto[]; shown: string | null }) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(
    () => list.current!.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    [shown, photos.length],
  );
  const focused = photos.some(({ id }) => id === shown) ? shown : photos[0]!.id;

  const focus = (index: number): void => {
    const buttons = list.current?.querySelectorAll<HTMLElement>(".film-photo");
    buttons?.[Math.min(Math.max(index, 0), buttons.length - 1)]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent, index: number): void => {
    const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: photos.length - 1 }[event.key];
    if (to === undefined && event.key !== "Delete") return;
    // Elsewhere the arrows move the photo, and Delete removes a point.
    event.preventDefault();
    if (to === undefined) {
      album.remove(photos[index]!.id);
      requestAnimationFrame(() => focus(index));
      return;
    }
    focus(to);
    const photo = photos[to];
    if (photo && shown !== null) onShow(photo.id);
  };

  return (
    <nav class={shown === null ? "panel film film-start" : "panel film"} aria-label={t("Photos")} data-testid="film">
      <ol ref={list} class="film-photos">
        {photos.map((photo, index) => (
          <li key={photo.id}>
            <button
              type="button"
              class="film-photo"
              data-testid={`film-${index + 1}`}
              aria-label={t("Photo {number} of {count}: {name}", {
                number: index + 1,
                count: photos.length,
                name: stem(photo.name),
              })}
              aria-current={photo.id === shown ? "true" : undefined}
              title={stem(photo.name)}
              tabIndex={photo.id === focused ? 0 : -1}
              onClick={() => onShow(photo.id)}
              onKeyDown={(event) => onKeyDown(event, index)}
            >
              {photo.thumbnail && <img src={photo.thumbnail.url} alt="" draggable={false} />}
            </button>
            {shown === null && <Bin album={album} photo={photo} />}
          </li>
        ))}
      </ol>
      {photos.map((photo) => photo.id === shown && <Bin key={photo.id} album={album} photo={photo} />)}
    </nav>
  );
}

const Bin = ({ album, photo }: { album: Album; photo: KeptPhoto }) => (
  <IconButton
    icon={Trash2}
    label={t("Remove photo {name}", { name: stem(photo.name) })}
    testId="remove-photo"
    onClick={() => album.remove(photo.id)}
  />
);
