"""`verify`: every variant under onnxruntime against PyTorch, on photos and prompts; an export not compared is not done.

Compared are the masks at the photo's own resolution (IoU) and the low-res logits (largest difference), all four tokens. The
result goes to FOLDER/verify.json with the sha256 of each file; `publish` takes only what passed here.
"""

from pathlib import Path

import click
import numpy as np
from PIL import Image
from tqdm import tqdm

from export.checkpoint import load_model
from export.clicks import iou
from export.files import sha256, write_json
from export.predictor import OnnxPredictor, Photo, Predictor, Prompt, TorchPredictor

GATES = {"fp32": 0.999, "fp16": 0.99, "int8": 0.93}  # mean mask IoU with PyTorch, preselected token of each prompt
SAMPLES = Path("web/public/samples")
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


def prompts(width: int, height: int) -> list[Prompt]:
    """Nine lone points on a grid, two boxes, a point with a background point, and a box with a point."""
    across, down = (np.linspace(0.2, 0.8, 3) * (side - 1) for side in (width, height))
    points = [Prompt(((float(x), float(y)),), (1,)) for y in down for x in across]
    whole = (0.1 * width, 0.1 * height, 0.9 * width, 0.9 * height)
    half = (0.25 * width, 0.3 * height, 0.75 * width, 0.8 * height)
    centre, corner = (0.5 * width, 0.5 * height), (0.05 * width, 0.05 * height)
    rest = [
        Prompt(box=whole),
        Prompt(box=half),
        Prompt((centre, corner), (1, 0)),
        Prompt((centre,), (1,), half),
    ]
    return points + rest


def compare(reference: Predictor, candidate: Predictor, photos: list[np.ndarray], title: str) -> dict[str, float]:
    """Mean and least mask IoU, and the largest logit difference, over photos × prompts × tokens."""
    ious, difference = [], 0.0
    for pixels in tqdm(photos, desc=f"verify {title}", unit="photo"):
        a, b = Photo(reference, pixels), Photo(candidate, pixels)
        for prompt in prompts(pixels.shape[1], pixels.shape[0]):
            wanted, predicted = a.answer(prompt)
            got, _ = b.answer(prompt)
            difference = max(difference, float(np.abs(wanted - got).max()))
            token = 1 + int(predicted[1:].argmax()) if prompt.lone_point else 0
            mask, other = (p.full_size(low[token : token + 1])[0] for p, low in ((a, wanted), (b, got)))
            ious.append(iou(mask, other))
    return {
        "mask_iou": round(float(np.mean(ious)), 5),
        "least_mask_iou": round(float(np.min(ious)), 5),
        "max_logit_difference": round(difference, 5),
        "comparisons": len(ious),
    }


def read_photos(folder: Path) -> list[np.ndarray]:
    """All photos of a folder as RGB arrays."""
    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in ENDINGS)
    if not paths:
        raise click.ClickException(f"No photo in {folder}: give --photos a folder of JPEG, PNG or WebP files.")
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", type=click.Path(path_type=Path), required=True, help="The PyTorch side.")
@click.option("--photos", type=click.Path(path_type=Path), default=SAMPLES, show_default=True)
def verify(folder: Path, checkpoint: Path, photos: Path) -> None:
    """Compare FOLDER/fp32, fp16 and int8 with the checkpoint they came from."""
    reference, pictures = TorchPredictor(load_model(checkpoint)), read_photos(photos)
    results = {}
    for variant, gate in GATES.items():
        pair = [folder / variant / f"{part}.onnx" for part in ("encoder", "decoder")]
        if not all(path.exists() for path in pair):
            continue
        figures = compare(reference, OnnxPredictor(*pair), pictures, variant)
        passed = figures["mask_iou"] >= gate
        results[variant] = {
            **figures,
            "gate": gate,
            "passed": passed,
            "sha256": {path.stem: sha256(path) for path in pair},
        }
        word = "passed" if passed else "FAILED"
        click.echo(
            f"{variant:5} mask IoU {figures['mask_iou']:.4f} (least {figures['least_mask_iou']:.4f}, gate {gate}), "
            f"logits within {figures['max_logit_difference']:.4f}: {word}"
        )
    if not results:
        raise click.ClickException(f"{folder} holds no fp32, fp16 or int8 pair: run `onnx` and `quantize` first.")
    write_json(folder / "verify.json", results)
    if not all(result["passed"] for result in results.values()):
        raise click.ClickException("At least one variant differs too much from PyTorch; it will not be published.")
