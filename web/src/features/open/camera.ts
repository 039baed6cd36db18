/** Which way of taking a photo there is here, and what a live camera says. */
import { signal } from "@preact/signals";

/**
 * `app`: the device's own camera program, through a file input, which a phone does best.
 * `live`: a picture in the page. Null: no camera that the page may know of.
 */
export type CameraWay = "app" | "live" | null;

/** A finger is how this device is used: then its own camera program is a tap away. */
const handheld = matchMedia("(pointer: coarse) and (hover: none)");

export const cameraWay = signal<CameraWay>(handheld.matches ? "app" : null);

/** Can a live picture be asked for at all? Insecure pages cannot. */
export const hasLiveCamera = (): boolean => Boolean(navigator.mediaDevices?.getUserMedia);

/** Looks for cameras now, and whenever one is plugged in or out. */
export async function watchCameras(): Promise<void> {
  if (!hasLiveCamera()) return;
  const look = async (): Promise<void> => {
    if (!handheld.matches) cameraWay.value = (await listCameras()).length ? "live" : null;
  };
  navigator.mediaDevices.addEventListener("devicechange", () => void look());
  await look();
}

/** Without permission one of each kind is named, which is enough to know that there is one. */
export const listCameras = async (): Promise<readonly MediaDeviceInfo[]> =>
  (await navigator.mediaDevices.enumerateDevices().catch(() => [])).filter(({ kind }) => kind === "videoinput");

export type CameraTrouble = "denied" | "none" | "busy" | "ended";

/** What went wrong, from what `getUserMedia` threw. */
export function troubleOf(error: unknown): CameraTrouble {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" || !hasLiveCamera() ? "none" : "busy";
}

/** @param device A camera's id; null: the one at the back, where there are two. @throws DOMException */
export function openCamera(device: string | null): Promise<MediaStream> {
  const which: MediaTrackConstraints = device ? { deviceId: { exact: device } } : { facingMode: "environment" };
  return navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { ...which, width: { ideal: 3840 }, height: { ideal: 2160 } },
  });
}

export const stopCamera = (stream: MediaStream | null): void => stream?.getTracks().forEach((track) => track.stop());

/** The picture that the video shows now, at the camera's own resolution. */
export async function takePhoto(video: HTMLVideoElement, now = new Date()): Promise<File> {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
  return new File([blob], `${photoName(now)}.jpg`, { type: blob.type });
}

/** As cameras name their files: camera-20261122-224501. */
export function photoName(now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `camera-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}
