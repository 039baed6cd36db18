"""One face for PyTorch and ONNX: encode a photo once, decode many prompts. Used by evaluate, verify and publish."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click
import numpy as np
import onnxruntime
import torch

from export.geometry import Letterbox
from export.models.promptable import PromptableModel

Features = dict[str, np.ndarray]


@dataclass(frozen=True)
class Prompt:
    """What a person gave, in photo pixels: points (N, 2), labels (N,) 1/0, box (x1, y1, x2, y2), earlier low-res logits (G, G)."""

    points: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    box: tuple[float, float, float, float] | None = None
    mask: np.ndarray | None = None

    @property
    def lone_point(self) -> bool:
        return self.box is None and len(self.points) == 1

    def feeds(self, letterbox: Letterbox) -> dict[str, np.ndarray]:
        """The decoder's inputs: a padding point closes a prompt without a box, the corners one with a box."""
        coords = [*self.points, *([self.box[:2], self.box[2:]] if self.box else [])]
        labels = [*self.labels, *([2, 3] if self.box else [])]
        points = letterbox.to_model(np.array(coords, np.float64).reshape(-1, 2))
        if not self.box:
            points = np.concatenate([points, np.zeros((1, 2), np.float32)])
            labels.append(-1)
        grid = letterbox.grid
        mask = np.zeros((grid, grid), np.float32) if self.mask is None else self.mask
        return {
            "point_coords": points[None],
            "point_labels": np.array(labels, np.float32)[None],
            "mask_input": mask.astype(np.float32).reshape(1, 1, grid, grid),
            "has_mask_input": np.array([self.mask is not None], np.float32),
        }


class Predictor(Protocol):
    """A promptable model, however it runs."""

    input_size: int

    def encode(self, resized: np.ndarray) -> Features:
        """(h, w, 3) uint8 with max(h, w) = input size → the encoder's maps."""
        ...

    def decode(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The encoder's maps and `Prompt.feeds` → low-res logits (4, G, G), predicted IoU (4,)."""
        ...


class TorchPredictor:
    """A model in PyTorch."""

    def __init__(self, model: PromptableModel) -> None:
        self.model, self.input_size = model.eval(), model.input_size

    @torch.no_grad()
    def encode(self, resized: np.ndarray) -> Features:
        image = torch.from_numpy(resized.copy()).permute(2, 0, 1)[None].float()
        return {name: value.numpy() for name, value in self.model.encode(image).items()}

    @torch.no_grad()
    def decode(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        maps = {name: torch.from_numpy(value) for name, value in features.items()}
        names = ("point_coords", "point_labels", "mask_input", "has_mask_input")
        masks, ious = self.model.decode(maps, *(torch.from_numpy(feeds[name]) for name in names))
        return masks[0].numpy(), ious[0].numpy()


class OnnxPredictor:
    """A pair of ONNX files under onnxruntime; encoder outputs go to the decoder inputs of the same name."""

    def __init__(self, encoder: Path, decoder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.encoder, self.decoder = (
            onnxruntime.InferenceSession(_existing(path), options, providers=["CPUExecutionProvider"])
            for path in (encoder, decoder)
        )
        self.input_size = 4 * next(i for i in self.decoder.get_inputs() if i.name == "mask_input").shape[-1]

    def encode(self, resized: np.ndarray) -> Features:
        names = [output.name for output in self.encoder.get_outputs()]
        return dict(zip(names, self.encoder.run(names, {"image": resized[None]}), strict=True))

    def decode(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        masks, ious = self.decoder.run(["low_res_masks", "iou_predictions"], {**features, **feeds})
        return masks[0], ious[0]


class Photo:
    """A photo that was encoded, ready to answer prompts at its own resolution."""

    def __init__(self, predictor: Predictor, photo: np.ndarray) -> None:
        self.predictor = predictor
        self.letterbox = Letterbox(photo.shape[1], photo.shape[0], predictor.input_size)
        self.features = predictor.encode(self.letterbox.resize(photo))

    def answer(self, prompt: Prompt) -> tuple[np.ndarray, np.ndarray]:
        """Low-res logits (4, G, G) and predicted IoU (4,) of all tokens."""
        return self.predictor.decode(self.features, prompt.feeds(self.letterbox))

    def full_size(self, low_res: np.ndarray, threshold: float = 0.0) -> np.ndarray:
        """Low-res logits (N, G, G) → boolean masks (N, H, W) at the photo's own resolution."""
        return (self.letterbox.upsample(torch.from_numpy(low_res)) > threshold).numpy()


def _existing(path: Path) -> str:
    if not path.exists():
        raise click.ClickException(f"No model file at {path}: export it with `python -m export onnx`.")
    return str(path)
