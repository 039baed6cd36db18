"""What the Python side answers to the same prompt, with the same files, on the same photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from export.models import selection
from export.models.predictor import Photo, Prompt
from export.publish import manifest
from tests.e2e.models import Model


class Expected:
    """A published model, as the page loads it, run by onnxruntime; its default variant unless another is named."""

    def __init__(self, model: Model, variant: str | None = None) -> None:
        self.threshold = model.entry["mask_threshold"]
        self.predictor = manifest.open_variant(model.manifest, model.name, variant)

    def read(self, photo: Path) -> PhotoAnswers:
        """Encode a photo, upright."""
        with Image.open(photo) as image:
            return PhotoAnswers(self, np.asarray(ImageOps.exif_transpose(image).convert("RGB")))


class PhotoAnswers:
    """The three candidates for any prompt on one photo."""

    def __init__(self, expected: Expected, pixels: np.ndarray) -> None:
        self.pixels, self.threshold = pixels, expected.threshold
        self.photo = Photo(expected.predictor, pixels)

    def low_res(self, prompt: Prompt) -> tuple[np.ndarray, np.ndarray, int]:
        """Logits (3, G, G) and predicted IoU (3,) of the candidates, and which one is preselected."""
        logits, ious = self.photo.answer(prompt)
        tokens, best = selection.candidates(ious, prompt.lone_point)
        return logits[tokens], ious[tokens], best

    def mask(self, prompt: Prompt, candidate: int | None = None) -> np.ndarray:
        """(H, W) bool of a candidate, of the preselected one by default."""
        logits, _, best = self.low_res(prompt)
        chosen = logits[best if candidate is None else candidate]
        return self.photo.full_size(chosen[None], self.threshold)[0]

    def tap(self, x: float, y: float) -> np.ndarray:
        return self.mask(Prompt(points=((x, y),), labels=(1,)))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union; two empty masks agree."""
    assert a.shape == b.shape, f"{a.shape} is not {b.shape}"
    union = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / union if union else 1.0
