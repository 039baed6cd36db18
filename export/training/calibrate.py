"""`calibrate`: fit the three weights that make the predicted IoU of the decoder's own figure and a mask's certainty.

`train` learns them along with the rest; this fits them alone, in minutes, and changes no mask: for checkpoints that were made
without calibration, and to choose by eye how much certainty is to count among the candidates of one click.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from export.data.augment import Augment
from export.data.dataset import Dataset
from export.errors import ExportError
from export.messages import say
from export.models import checkpoint
from export.models.checkpoint import load_model
from export.models.decoder import PairedMaskDecoder
from export.models.promptable import Promptable
from export.training.losses import true_ious
from export.training.prompts import first_prompts
from export.training.train import examples

CERTAINTIES = (0.0, 0.5, 1.0, 1.5, 2.0, 4.0)  # weights that the report compares


@dataclass(frozen=True)
class Answers:
    """The answers to one click each, (N, 4): the head's predicted IoU, the mask's certainty, and its true IoU."""

    head: np.ndarray
    certainty: np.ndarray
    iou: np.ndarray

    def picked(self, certainty: float) -> float:
        """Mean IoU of the mask among tokens 1–3 that head + `certainty` · certainty prefers."""
        best = (self.head + certainty * self.certainty)[:, 1:].argmax(1) + 1
        return float(np.take_along_axis(self.iou, best[:, None], 1).mean())

    def fit(self, certainty: float) -> tuple[float, float, float]:
        """The calibration weights: scale and constant by least squares, so that 0.7 means an IoU of 0.7."""
        scale, constant = np.polyfit((self.head + certainty * self.certainty).ravel(), self.iou.ravel(), 1)
        if scale <= 0:
            raise ExportError("What the model predicts has nothing to do with its masks yet: train it first.")
        return float(scale), float(scale * certainty), float(constant)

    def error(self, weights: tuple[float, float, float]) -> float:
        """Mean square error of the predicted IoU, all four tokens."""
        predicted = weights[0] * self.head + weights[1] * self.certainty + weights[2]
        return float(np.square(predicted - self.iou).mean())


@torch.no_grad()
def ask(model: Promptable, loader: DataLoader[dict[str, np.ndarray]], device: str) -> Answers:
    """Ask for one click on every target of the loader's examples."""
    decoder = model.mask_decoder
    assert isinstance(decoder, PairedMaskDecoder)
    assert decoder.calibration is not None
    decoder.calibration.weights.copy_(torch.tensor([1.0, 0.0, 0.0]))  # what the head alone predicts
    rows = []
    for batch in tqdm(loader, unit="batch"):
        features = model.encode(batch["image"].to(device).permute(0, 3, 1, 2).float())
        valid = batch["valid"].to(device)
        for target in (batch["targets"].to(device).float() / 255).unbind(1):
            p = first_prompts(target, "point")
            logits, head = model.decode(features, p.coords, p.labels, p.mask_input, p.has_mask)
            rows.append(
                torch.stack([head, decoder.calibration.certainty(logits), true_ious(logits, target, valid)], 1).cpu()
            )
    head, certainty, iou = torch.cat(rows).double().numpy().transpose(1, 0, 2)
    return Answers(head, certainty, iou)


def calibrate(
    data: Sequence[str], path: Path, out: Path, certainty: float, samples: int, masks: int, batch: int, holdout: int,
    workers: int, memory: int, seed: int, device: str,
) -> None:  # fmt: skip
    """Fit how a model rates its own masks, and write its checkpoint with the fitted weights to `out`."""
    content, model = checkpoint.load(path), load_model(path)
    if not isinstance(model, Promptable) or model.mask_decoder.calibration is None:
        raise ExportError(f"{path} has no calibration: only our own students have one (see `train` and `distill`).")
    dataset = Dataset(data)
    training, _ = dataset.set_aside(holdout, seed)
    torch.manual_seed(seed)
    photos = examples(dataset, training, Augment(model.input_size, masks), seed, memory)
    loader: DataLoader[dict[str, np.ndarray]] = DataLoader(
        photos, batch_size=batch, sampler=range(samples), num_workers=workers
    )
    answers = ask(model.to(device), loader, device)
    weights = answers.fit(certainty)
    for other in sorted({*CERTAINTIES, certainty}):
        say(f"certainty {other:<4g} picks masks of IoU {answers.picked(other):.4f}")
    say(f"the best of the three would be {answers.iou[:, 1:].max(1).mean():.4f}")
    say(f"mean square error {answers.error((1.0, 0.0, 0.0)):.4f} → {answers.error(weights):.4f}")
    for name in content.keys() & {"model", "average"}:
        content[name]["mask_decoder.calibration.weights"] = torch.tensor(weights)
    checkpoint.save(out, content)
    say(f"Wrote {out}: predicted IoU = " + "{:.3f} · head {:+.3f} · certainty {:+.3f}.".format(*weights))
