"""The settings of a training run: `Recipe`, on which its outcome depends and which its checkpoint records, and `Execution`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from export.data.dataset import found, source_name
from export.files import sha256
from export.models.promptable import Config
from export.training.distributed import device

LISTED = 3  # sources that a message names
DIGEST = 64  # hex digits of a sha256


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What every training step is told, and what its weights depend on.

    samples: photos to see in all; batch: photos a step, all processes together; rate: the peak of the learning rate;
    schedule: one of `schedule.SHAPES`; average_decay: of the weights' running average, a step; holdout: photos set aside
    to measure progress; half: None, "bf16" or "fp16".
    """

    data: Sequence[str]
    samples: int | None = None
    batch: int = 8
    rate: float = 1e-3
    schedule: str = "cosine"
    average_decay: float = 0.998
    holdout: int = 64
    half: str | None = None
    freeze_batchnorm: bool = False
    seed: int = 0

    def recorded(self, photos: int, samples: int, warmup: int, **others: Any) -> dict[str, Any]:
        """Plain values for the checkpoint, which do not change when files are moved.

        photos: in training; samples and warmup: photos until the end and until the peak rate; others: what the step adds.
        """
        return {
            "data": [source_name(path) for path in found(self.data)],
            "photos": photos,
            "samples": samples,
            "batch": self.batch,
            "rate": self.rate,
            "schedule": self.schedule,
            "warmup": warmup,
            "average_decay": self.average_decay,
            "holdout": self.holdout,
            "half": self.half,
            "freeze_batchnorm": self.freeze_batchnorm,
            "seed": self.seed,
            **others,
        }


@dataclass(frozen=True, kw_only=True)
class TrainRecipe(Recipe):
    """`train`: init is a checkpoint to start from; masks, the prompts for each photo; warmup_photos, until the peak rate."""

    samples: int = 150_000
    batch: int = 32
    rate: float = 1.5e-3
    holdout: int = 300
    warmup_photos: int = 10_000
    init: Path | None = None
    backbone: str = Config.backbone
    dim: int = Config.dim
    input_size: int = Config.input_size
    masks: int = 2


@dataclass(frozen=True, kw_only=True)
class StudentRecipe(Recipe):
    """What `distill` and `finetune` share: a run of so many epochs, unless `samples` says how many photos.

    warmup_share: of the run, until the peak rate; teacher_name: an official model's, where the keys of the file `teacher` do not
    tell; input_size: of the model frame, the teacher's own if None; cache: a folder of the teacher's embeddings; unpadded: the
    student sees photos as the unpadded export does.
    """

    epochs: float = 8.0
    warmup_share: float = 0.05
    teacher: Path | None
    teacher_name: str | None = None
    input_size: int | None = None
    cache: Path | None = None
    unpadded: bool = False


@dataclass(frozen=True, kw_only=True)
class DistillRecipe(StudentRecipe):
    """`distill`: decoder is what the mode `coupled` starts from; prompts, random ones for each photo in the coupled modes."""

    teacher: Path
    mode: str = "decoupled"
    backbone: str = "tiny_vit_5m"
    decoder: str = "teacher"
    init: Path | None = None
    prompts: int = 4


@dataclass(frozen=True, kw_only=True)
class FinetuneRecipe(StudentRecipe):
    """`finetune`: masks is the objects prompted in each photo; loops, the points added where student and teacher disagree;
    embedding_weight: of the embedding's error in the loss against a teacher.
    """

    rate: float = 1e-4
    epochs: float = 5.0
    warmup_share: float = 0.02
    student: Path
    target: str = "teacher"
    learn: str = "both"
    loops: int = 1
    masks: int = 4
    embedding_weight: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How a run is carried out, which leaves its weights as they are.

    memory: decoded photos that each worker keeps; measure_every: in photos; accept_changes: resume with another recipe.
    """

    out: Path
    workers: int = 1
    memory: int = 2_000
    save_minutes: float = 2.0
    measure_every: int = 4_000
    device: str = field(default_factory=lambda: str(device()))
    accept_changes: bool = False


def digest(path: Path | None) -> str:
    """The sha256 of a file; nothing for none."""
    return sha256(path) if path else ""


def changes(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """How two recorded recipes differ, `name was → is`. What an earlier version did not record does not count."""
    return [
        f"{name} {_difference(earlier[name], value)}"
        for name, value in now.items()
        if name in earlier and earlier[name] != value
    ]


def _difference(was: Any, now: Any) -> str:
    if not isinstance(was, list):
        return f"{_shown(was)} → {_shown(now)}"
    gone, new = Counter(was) - Counter(now), Counter(now) - Counter(was)
    return f"{_listed(gone)} → {_listed(new)}" if gone or new else "in another order"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    text = str(value)
    return f"{text[:12]}…" if len(text) == DIGEST else text


def _listed(names: Counter[str]) -> str:
    more = names.total() - LISTED
    shown = ", ".join(list(names.elements())[:LISTED]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown
