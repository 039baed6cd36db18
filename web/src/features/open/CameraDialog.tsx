/** The camera's live picture, with a shutter. The camera is off as soon as the dialog is gone. */
import { useSignal } from "@preact/signals";
import { Camera, SwitchCamera } from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { listCameras, openCamera, stopCamera, takePhoto, troubleOf, type CameraTrouble } from "./camera";
import { Dialog } from "../../components/Dialog";
import { IconButton } from "../../components/IconButton";
import { t, type Text } from "../../i18n/translate";

interface Props {
  onPhoto(file: File): void;
  /** Instead of the camera: a photo that is there already. */
  onChoose(): void;
  onClose(): void;
}

export function CameraDialog({ onPhoto, onChoose, onClose }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const device = useSignal<string | null>(null);
  const cameras = useSignal<readonly string[]>([]);
  const running = useSignal(false);
  const trouble = useSignal<CameraTrouble | null>(null);

  const wanted = device.value;
  useEffect(() => {
    const picture = video.current!;
    let stream: MediaStream | null = null;
    let gone = false;
    const start = async (): Promise<void> => {
      const opened = await openCamera(wanted);
      // The dialog may have been closed while the browser asked the user.
      if (gone) return stopCamera(opened);
      stream = opened;
      const [track] = opened.getVideoTracks();
      track?.addEventListener("ended", () => (trouble.value = "ended"));
      cameras.value = (await listCameras()).map(({ deviceId }) => deviceId).filter(Boolean);
      picture.srcObject = opened;
      await picture.play();
      running.value = true;
    };
    start().catch((error) => {
      if (!gone) trouble.value = troubleOf(error);
    });
    return () => {
      gone = true;
      running.value = false;
      stopCamera(stream);
      picture.srcObject = null;
    };
  }, [wanted, cameras, running, trouble]);

  const turn = (): void => {
    const track = (video.current!.srcObject as MediaStream | null)?.getVideoTracks()[0];
    const current = cameras.peek().indexOf(track?.getSettings().deviceId ?? "");
    device.value = cameras.peek()[(current + 1) % cameras.peek().length]!;
  };
  const shoot = async (): Promise<void> => {
    onPhoto(await takePhoto(video.current!));
    onClose();
  };

  return (
    <Dialog title={t("Take a photo")} testId="camera" onClose={onClose}>
      <video
        ref={video}
        class="camera-picture"
        hidden={trouble.value !== null}
        muted
        playsInline
        aria-label={t("What the camera sees")}
      />
      {trouble.value ? (
        <div class="camera-trouble" role="alert">
          <p>{t(words[trouble.value])}</p>
          <button type="button" class="button" onClick={() => (onClose(), onChoose())}>
            {t("Choose a photo")}
          </button>
        </div>
      ) : (
        <div class="camera-controls">
          <IconButton
            icon={Camera}
            text={t("Take the photo")}
            label={t("Take the photo")}
            testId="shutter"
            kind="primary"
            disabled={!running.value}
            onClick={() => void shoot()}
          />
          {cameras.value.length > 1 && (
            <IconButton
              icon={SwitchCamera}
              text={t("Other camera")}
              label={t("Other camera")}
              testId="other-camera"
              disabled={!running.value}
              onClick={turn}
            />
          )}
        </div>
      )}
    </Dialog>
  );
}

const words: Record<CameraTrouble, Text> = {
  denied:
    "The camera is not allowed. Allow it for this page in the browser's settings, or choose a photo that you have.",
  none: "There is no camera here that this page can use.",
  busy: "The camera did not start. Another program may be using it: close that, and try again.",
  ended: "The camera was switched off or unplugged.",
};
