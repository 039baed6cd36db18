"""One face for PyTorch and ONNX: encode a photo once, decode many prompts. Used by evaluate, everything, verify and publish."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from export.errors import ExportError
from export.models import selection
from export.models.geometry import Letterbox
from export.models.look_again import Rect, Region
from export.models.onnx_file import open_session
from export.models.promptable import PromptableModel

Features = dict[str, np.ndarray]
FEEDS = ("point_coords", "point_labels", "mask_input", "has_mask_input")
CPU_BATCH, GPU_BATCH = (
    4,
    64,
)  # prompts decoded at once: on a CPU, more of SAM's 1024-pixel decoder leaves the caches (twice the time)


@dataclass(frozen=True)
class Prompt:
    """What a person gave, in photo pixels: points (N, 2), labels (N,) 1/0, box (x1, y1, x2, y2), earlier low-res logits (G, G).

    region: what of the photo the earlier logits cover; None: the model frame. view: what of the photo the person has zoomed in to.
    """

    points: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    box: tuple[float, float, float, float] | None = None
    mask: np.ndarray | None = None
    region: Region | None = None
    view: Region | None = None

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


def stacked(prompts: Sequence[Prompt], letterbox: Letterbox) -> dict[str, np.ndarray]:
    """The decoder's inputs for several prompts with equally many points; without an earlier mask one empty mask serves all."""
    each = [prompt.feeds(letterbox) for prompt in prompts]
    feeds = {name: np.concatenate([one[name] for one in each]) for name in FEEDS[:2]}
    masks = each if any(prompt.mask is not None for prompt in prompts) else each[:1]
    return {**feeds, **{name: np.concatenate([one[name] for one in masks]) for name in FEEDS[2:]}}


class Predictor(Protocol):
    """A promptable model, however it runs. `batch`: how many prompts a call it decodes fastest."""

    input_size: int
    batch: int

    def encode(self, resized: np.ndarray) -> Features:
        """(h, w, 3) uint8 with max(h, w) = input size → the encoder's maps."""
        ...

    def decode(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The encoder's maps and `Prompt.feeds` → low-res logits (4, G, G), predicted IoU (4,)."""
        ...

    def decode_many(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The encoder's maps and the feeds of B prompts → low-res logits (B, 4, G, G), predicted IoU (B, 4).

        point_coords (B, N, 2), point_labels (B, N), mask_input (1 or B, 1, G, G), has_mask_input (1 or B,).
        """
        ...


class TorchPredictor:
    """A model in PyTorch, on any device; what goes in and comes out are arrays."""

    def __init__(self, model: PromptableModel, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.model, self.input_size = model.eval().to(self.device), model.input_size
        self.batch = CPU_BATCH if self.device.type == "cpu" else GPU_BATCH
        self._sent: tuple[Features, dict[str, torch.Tensor]] | None = None

    @torch.no_grad()
    def encode(self, resized: np.ndarray) -> Features:
        image = torch.from_numpy(resized.copy()).permute(2, 0, 1)[None].float().to(self.device)
        return {name: value.float().cpu().numpy() for name, value in self.model.encode(image).items()}

    def decode(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        masks, ious = self.decode_many(features, feeds)
        return masks[0], ious[0]

    @torch.no_grad()
    def decode_many(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        inputs = (torch.from_numpy(feeds[name]).to(self.device) for name in FEEDS)
        masks, ious = self.model.decode(self._on_device(features), *inputs)
        return masks.float().cpu().numpy(), ious.float().cpu().numpy()

    def _on_device(self, features: Features) -> dict[str, torch.Tensor]:
        """The maps as tensors; those of the photo at hand stay on the device from one prompt to the next."""
        if self._sent is None or self._sent[0] is not features:
            self._sent = (features, {name: torch.from_numpy(v).to(self.device) for name, v in features.items()})
        return self._sent[1]


class OnnxPredictor:
    """A pair of ONNX files under onnxruntime; encoder outputs go to the decoder inputs of the same name."""

    batch = CPU_BATCH

    def __init__(self, encoder: Path, decoder: Path) -> None:
        self.encoder, self.decoder = open_session(encoder), open_session(decoder)
        self._shapes = {i.name: i.shape for i in self.decoder.get_inputs()}
        given = {*FEEDS, *(output.name for output in self.encoder.get_outputs())}
        if wrong := sorted(given ^ set(self._shapes)):
            raise ExportError(
                f"{decoder} does not go with {encoder} ({', '.join(wrong)} is only on one side): export both in one run."
            )
        self.input_size = 4 * self._shapes["mask_input"][-1]

    def encode(self, resized: np.ndarray) -> Features:
        names = [output.name for output in self.encoder.get_outputs()]
        return dict(zip(names, self.encoder.run(names, {"image": resized[None]}), strict=True))

    def decode(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        masks, ious = self._run(features, feeds)
        return masks[0], ious[0]

    def decode_many(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        if all(self._takes(name, len(feeds[name])) for name in FEEDS):
            return self._run(features, feeds)
        # A graph exported for one prompt a call, as the first ones were.
        count = len(feeds["point_coords"])
        one_each = ({name: v[i : i + 1] if len(v) == count else v for name, v in feeds.items()} for i in range(count))
        masks, ious = zip(*(self._run(features, one) for one in one_each), strict=True)
        return np.concatenate(masks), np.concatenate(ious)

    def _takes(self, name: str, count: int) -> bool:
        fixed = self._shapes[name][0]
        return not isinstance(fixed, int) or fixed == count

    def _run(self, features: Features, feeds: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        masks, ious = self.decoder.run(["low_res_masks", "iou_predictions"], {**features, **feeds})
        return masks, ious


@dataclass(frozen=True)
class Answer:
    """What a prompt was answered with: candidate masks (n, H, W) bool, and which of them is preselected.

    `low_res`: the preselected one's logits (G, G), which the next prompt may carry as its mask, with its `region`; None where
    there are none.
    """

    masks: np.ndarray
    best: int
    predicted: tuple[float, ...]
    low_res: np.ndarray | None = None
    region: Region | None = None

    @property
    def mask(self) -> np.ndarray:
        return self.masks[self.best]


@dataclass(frozen=True)
class Offer:
    """The candidates for a prompt: low-res logits (n, G, G), their predicted IoU, and which of them is preselected."""

    logits: np.ndarray
    predicted: tuple[float, ...]
    best: int


class Opened(Protocol):
    """A photo, ready to answer prompts at its own resolution."""

    def answers(self, prompts: Sequence[Prompt], all_candidates: bool = False) -> list[Answer]:
        """Answer prompts with equally many points; without `all_candidates` only the preselected mask is made."""
        ...


class Photo:
    """A photo that was encoded, ready to answer prompts at its own resolution."""

    def __init__(self, predictor: Predictor, photo: np.ndarray) -> None:
        self.predictor = predictor
        self.letterbox = Letterbox(photo.shape[1], photo.shape[0], predictor.input_size)
        self.features = predictor.encode(self.letterbox.resize(photo))

    def answer(self, prompt: Prompt) -> tuple[np.ndarray, np.ndarray]:
        """Low-res logits (4, G, G) and predicted IoU (4,) of all tokens."""
        return self.predictor.decode(self.features, prompt.feeds(self.letterbox))

    @property
    def frame(self) -> Rect:
        """What a grid of low-res logits covers, in photo pixels: the photo and its padding."""
        box = self.letterbox
        return 0, 0, box.input_size * box.width / box.new_width, box.input_size * box.height / box.new_height

    def offers(self, prompts: Sequence[Prompt]) -> list[Offer]:
        """The candidates for each of several prompts with equally many points, as low-res logits."""
        found = []
        for start in range(0, len(prompts), self.predictor.batch):
            part = prompts[start : start + self.predictor.batch]
            for prompt, logits, ious in zip(
                part, *self.predictor.decode_many(self.features, stacked(part, self.letterbox)), strict=True
            ):
                tokens, best = selection.candidates(ious, prompt.lone_point)
                found.append(Offer(logits[tokens], tuple(float(ious[token]) for token in tokens), best))
        return found

    def answers(self, prompts: Sequence[Prompt], all_candidates: bool = False) -> list[Answer]:
        found = []
        for offer in self.offers(prompts):
            shown = list(range(len(offer.predicted))) if all_candidates else [offer.best]
            masks, predicted = self.full_size(offer.logits[shown]), tuple(offer.predicted[i] for i in shown)
            found.append(Answer(masks, shown.index(offer.best), predicted, offer.logits[offer.best].copy()))
        return found

    def full_size(self, low_res: np.ndarray, threshold: float = 0.0) -> np.ndarray:
        """Low-res logits (N, G, G) → boolean masks (N, H, W) at the photo's own resolution."""
        return (self.letterbox.upsample(torch.from_numpy(low_res)) > threshold).numpy()
