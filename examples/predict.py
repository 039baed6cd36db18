"""A photo and a point in, a mask out: the published ONNX pair in Python, with no more than onnxruntime, numpy and Pillow.

    python examples/predict.py web/public/samples/astronaut.jpg 230 120 --out mask.png

Nothing of this project is imported, so that the file can be taken as it is. What it does is written down in docs/architecture.md.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

MANIFEST = Path(__file__).resolve().parents[1] / "web" / "public" / "models" / "manifest.json"


def open_model(
    manifest: Path, model_id: str | None = None
) -> tuple[onnxruntime.InferenceSession, onnxruntime.InferenceSession, dict]:
    """The encoder, the decoder and the manifest's entry of a model; of the manifest's default one without an id."""
    listed = json.loads(manifest.read_text())
    models = {model["id"]: model for model in listed["models"]}
    name = model_id or listed["default"]
    if name not in models:
        raise SystemExit(f"{manifest} has no model {name!r}; it has {', '.join(models)}.")
    model = models[name]
    variant = model["variants"][model["default_variant"]]
    encoder, decoder = (
        onnxruntime.InferenceSession(manifest.parent / variant[part]["file"], providers=["CPUExecutionProvider"])
        for part in ("encoder", "decoder")
    )
    return encoder, decoder, model


def encode(encoder: onnxruntime.InferenceSession, photo: Image.Image, input_size: int) -> dict[str, np.ndarray]:
    """What the decoder needs to know of a photo; computed once, it serves any number of points."""
    resized = np.asarray(photo.resize(frame_of(photo, input_size), Image.Resampling.BILINEAR))
    names = [output.name for output in encoder.get_outputs()]
    return dict(zip(names, encoder.run(names, {"image": resized[None]}), strict=True))


def segment(
    decoder: onnxruntime.InferenceSession,
    features: dict[str, np.ndarray],
    photo: Image.Image,
    model: dict,
    x: float,
    y: float,
) -> np.ndarray:
    """The mask (height, width) bool of what lies at x, y in the photo's pixels."""
    input_size = model["input_size"]
    width, height = frame_of(photo, input_size)
    feeds = {
        # The point in the model frame, and a padding point, which stands for "no box".
        "point_coords": np.array([[[x * width / photo.width, y * height / photo.height], [0, 0]]], np.float32),
        "point_labels": np.array([[1, -1]], np.float32),
        "mask_input": np.zeros((1, 1, input_size // 4, input_size // 4), np.float32),
        "has_mask_input": np.zeros(1, np.float32),
    }
    logits, ious = decoder.run(["low_res_masks", "iou_predictions"], {**features, **feeds})
    # A lone point may mean a part, the whole or a group: masks 1 to 3. Mask 0 is for prompts that say more.
    best = 1 + int(ious[0, 1:].argmax())
    return enlarged(logits[0, best], photo, (width, height)) > model["mask_threshold"]


def frame_of(photo: Image.Image, input_size: int) -> tuple[int, int]:
    """The photo's width and height in the model's square frame, at whose top left it lies."""
    scale = input_size / max(photo.size)
    width, height = (max(1, int(side * scale + 0.5)) for side in photo.size)
    return width, height


def enlarged(logits: np.ndarray, photo: Image.Image, frame: tuple[int, int]) -> np.ndarray:
    """Logits (G, G), a cell for 4 × 4 pixels of the frame, read at every pixel of the photo; bilinear."""

    def places(length: int, length_in_frame: int) -> tuple[np.ndarray, np.ndarray]:
        at = ((np.arange(length) + 0.5) * (length_in_frame / length) / 4 - 0.5).clip(0, len(logits) - 1)
        cell = np.minimum(at.astype(int), len(logits) - 2)
        return cell, (at - cell).astype(np.float32)

    (column, right), (row, down) = places(photo.width, frame[0]), places(photo.height, frame[1])
    rows = logits[row] * (1 - down[:, None]) + logits[row + 1] * down[:, None]
    return rows[:, column] * (1 - right) + rows[:, column + 1] * right


def main(arguments: list[str] | None = None) -> None:
    """Write the mask of what lies at a point of a photo."""
    parser = argparse.ArgumentParser(description="Write the mask of what lies at a point of a photo.")
    parser.add_argument("photo", type=Path)
    parser.add_argument("x", type=float, help="pixels from the left")
    parser.add_argument("y", type=float, help="pixels from the top")
    parser.add_argument("--out", type=Path, default=Path("mask.png"))
    parser.add_argument("--manifest", type=Path, default=MANIFEST)
    parser.add_argument("--model", help="an id of the manifest; its default model otherwise")
    options = parser.parse_args(arguments)
    encoder, decoder, model = open_model(options.manifest, options.model)
    with Image.open(options.photo) as image:
        photo = ImageOps.exif_transpose(image).convert("RGB")
    if not (0 <= options.x < photo.width and 0 <= options.y < photo.height):
        parser.error(f"The point lies outside of the photo, which has {photo.width} × {photo.height} pixels.")
    features = encode(encoder, photo, model["input_size"])
    mask = segment(decoder, features, photo, model, options.x, options.y)
    Image.fromarray(mask.astype(np.uint8) * 255).save(options.out)
    print(f"{options.out}: {mask.mean():.1%} of the photo, by {model['title']}")


if __name__ == "__main__":
    main()
