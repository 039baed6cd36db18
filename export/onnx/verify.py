"""`verify`: compare every exported variant under onnxruntime with PyTorch, on photos and prompts.

Compared are the masks at the photo's own resolution (IoU) and the low-res logits (largest difference), all four tokens:
each prompt alone, again with the mask of its own answer, and all lone points in one call. A pair that WASM has of its own
(see integer.py) is compared too. The result goes to
FOLDER/verify.json with the sha256 of each file; `publish` takes only what passed here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from export.data.decoded import PHOTO_ENDINGS, read_photo
from export.data.parts import SampleError
from export.errors import ExportError
from export.evaluation.clicks import iou
from export.files import sha256, write_json
from export.messages import note, say
from export.models import selection
from export.models.checkpoint import load_model
from export.models.predictor import Features, OnnxPredictor, Photo, Predictor, Prompt, TorchPredictor, stacked
from export.models.promptable import PromptableModel
from export.onnx.graphs import sound_graph
from export.onnx.integer import WASM_PARTS
from export.onnx.to_onnx import copy_of
from export.onnx.unpadded import UnpaddedEncoder

GATES = {"fp32": 0.999, "fp16": 0.99, "int8": 0.93}  # mean mask IoU with PyTorch, preselected token of each prompt
SAMPLES = Path("web/public/samples")
ENDINGS = {".png", *PHOTO_ENDINGS}
HEAD = f"{'variant':8} {'mask IoU':>8} {'least':>7} {'gate':>6} {'masks':>6} {'logits within':>13}"


class UnpaddedPredictor(TorchPredictor):
    """A model in PyTorch whose encoder skips the empty part of the square, as `onnx --unpadded` exports it."""

    def __init__(self, model: PromptableModel) -> None:
        super().__init__(model)
        self.encoder = UnpaddedEncoder(copy_of(model)).eval()

    @torch.no_grad()
    def encode(self, resized: np.ndarray) -> Features:
        image = torch.from_numpy(resized.copy()).permute(2, 0, 1)[None].float()
        return {name: value.numpy() for name, value in self.encoder(image).items()}


def lone_points(width: int, height: int) -> list[Prompt]:
    """Nine lone points on a grid."""
    across, down = (np.linspace(0.2, 0.8, 3) * (side - 1) for side in (width, height))
    return [Prompt(((float(x), float(y)),), (1,)) for y in down for x in across]


def prompts(width: int, height: int) -> list[Prompt]:
    """The lone points, two boxes, a point with a background point, and a box with a point."""
    whole = (0.1 * width, 0.1 * height, 0.9 * width, 0.9 * height)
    half = (0.25 * width, 0.3 * height, 0.75 * width, 0.8 * height)
    centre, corner = (0.5 * width, 0.5 * height), (0.05 * width, 0.05 * height)
    rest = [
        Prompt(box=whole),
        Prompt(box=half),
        Prompt((centre, corner), (1, 0)),
        Prompt((centre,), (1,), half),
    ]
    return lone_points(width, height) + rest


def preselected(prompt: Prompt, predicted: np.ndarray) -> int:
    """The index of the token that is preselected for a prompt."""
    tokens, best = selection.candidates(predicted, prompt.lone_point)
    return tokens[best]


@dataclass(frozen=True)
class Question:
    """A prompt and what PyTorch answers: low-res logits (4, G, G), the token that is looked at, and its mask (H, W)."""

    prompt: Prompt
    expected: np.ndarray
    token: int
    mask: np.ndarray


def ask(reference: Predictor, pixels: np.ndarray) -> list[Question]:
    """Decode every prompt alone, and again with its own answer as mask prompt."""
    photo = Photo(reference, pixels)
    questions = []
    for prompt in prompts(photo.letterbox.width, photo.letterbox.height):
        for _ in range(2):
            expected, predicted = photo.answer(prompt)
            if not (np.isfinite(expected).all() and np.isfinite(predicted).all()):
                raise ExportError(
                    "PyTorch's own answers hold values that are not finite: the checkpoint's weights are damaged."
                )
            token = preselected(prompt, predicted)
            questions.append(Question(prompt, expected, token, photo.full_size(expected[token : token + 1])[0]))
            prompt = replace(prompt, mask=expected[token])
    return questions


def answers(photo: Photo, questions: Sequence[Question]) -> Iterator[tuple[Question, np.ndarray, np.ndarray]]:
    """Low-res logits (4, G, G) and predicted IoU (4,) of the other side: each question, then all unrefined lone points at once."""
    for question in questions:
        yield question, *photo.answer(question.prompt)
    together = [q for q in questions if q.prompt.lone_point and q.prompt.mask is None]
    many, predicted = photo.predictor.decode_many(
        photo.features, stacked([q.prompt for q in together], photo.letterbox)
    )
    yield from zip(together, many, predicted, strict=True)


def compare(
    asked: Sequence[Sequence[Question]], candidate: Predictor, photos: Sequence[np.ndarray], title: str
) -> dict[str, Any]:
    """Mean and least mask IoU, and the largest logit difference, over photos × prompts × tokens.

    An answer that is not finite is right nowhere: its IoU is 0, and there is no largest difference (None).
    """
    ious, differences = [], []
    both = zip(asked, photos, strict=True)
    for questions, pixels in tqdm(both, desc=f"verify {title}", total=len(photos), unit="photo", leave=False):
        photo = Photo(candidate, pixels)
        for question, actual, predicted in answers(photo, questions):
            differences.append(float(np.abs(question.expected - actual).max()))
            if not (np.isfinite(actual).all() and np.isfinite(predicted).all()):
                differences.append(np.nan)
                ious.append(0.0)
                continue
            mask = photo.full_size(actual[question.token : question.token + 1])[0]
            ious.append(iou(question.mask, mask))
    largest = float(np.max(differences))  # NaN if any is, unlike Python's max
    return {
        "mask_iou": round(float(np.mean(ious)), 5),
        "least_mask_iou": round(float(np.min(ious)), 5),
        "max_logit_difference": round(largest, 5) if np.isfinite(largest) else None,
        "comparisons": len(ious),
    }


def read_photos(folder: Path) -> list[np.ndarray]:
    """All readable photos of a folder as RGB arrays; what cannot be read is named and left out."""
    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in ENDINGS)
    photos, unreadable = [], []
    for path in paths:
        try:
            photos.append(read_photo(path))
        except SampleError:
            unreadable.append(path.name)
    if unreadable:
        note(f"Left out {len(unreadable)} of {len(paths)} photos that cannot be read: {', '.join(unreadable)}.")
    if not photos:
        raise ExportError(f"No readable photo in {folder}: give --photos a folder of pictures.")
    return photos


def line(variant: str, figures: dict[str, Any]) -> str:
    """One row of the printed table."""
    largest = figures["max_logit_difference"]
    within = "not finite" if largest is None else f"{largest:.4f}"
    return (
        f"{variant:8} {figures['mask_iou']:8.4f} {figures['least_mask_iou']:7.4f} {figures['gate']:6.3f} "
        f"{figures['comparisons']:6} {within:>13} {'passed' if figures['passed'] else 'FAILED'}"
    )


def _verified(
    asked: Sequence[Sequence[Question]], pictures: Sequence[np.ndarray], checkpoint: Path, input_size: int,
    pair: Sequence[Path], title: str, gate: float,
) -> dict[str, Any]:  # fmt: skip
    """The figures of one pair, whether they pass, and the files that they belong to; printed as a row."""
    for path in pair:
        sound_graph(path)
    candidate = OnnxPredictor(*pair)
    if candidate.input_size != input_size:
        raise ExportError(
            f"{pair[0].parent} takes photos of {candidate.input_size} pixels, {checkpoint} of {input_size}: "
            "they are not the same model."
        )
    figures = compare(asked, candidate, pictures, title)
    passed = figures["mask_iou"] >= gate and figures["max_logit_difference"] is not None
    digests = {path.stem: sha256(path) for path in pair}
    result = {**figures, "gate": gate, "passed": passed, "sha256": digests}
    say(line(title, result))
    return result


def verify(
    folder: Path, model: str | None, checkpoint: Path, attention_biases: bool | None, unpadded: bool, photos: Path
) -> None:
    """Compare FOLDER/fp32, fp16 and int8 with the checkpoint they came from."""
    loaded = load_model(checkpoint, model, attention_biases)
    reference = UnpaddedPredictor(loaded) if unpadded else TorchPredictor(loaded)
    pairs = {v: [folder / v / f"{part}.onnx" for part in ("encoder", "decoder")] for v in GATES}
    pairs = {variant: pair for variant, pair in pairs.items() if all(path.exists() for path in pair)}
    if not pairs:
        raise ExportError(f"{folder} holds no fp32, fp16 or int8 pair: run `onnx` and `quantize` first.")
    pictures = read_photos(photos)
    asked = [ask(reference, pixels) for pixels in tqdm(pictures, desc="PyTorch", unit="photo", leave=False)]
    against = partial(_verified, asked, pictures, checkpoint, loaded.input_size)
    results = {}
    say(HEAD)
    for variant, pair in pairs.items():
        results[variant] = against(pair, variant, GATES[variant])
        own = [folder / variant / f"{part}.onnx" for part in WASM_PARTS]
        if all(path.exists() for path in own):
            results[variant]["wasm"] = against(own, "  wasm", GATES[variant])
            results[variant]["passed"] &= results[variant]["wasm"]["passed"]
    write_json(folder / "verify.json", results)
    if not all(result["passed"] for result in results.values()):
        raise ExportError("At least one variant differs too much from PyTorch; it will not be published.")
