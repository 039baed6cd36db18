"""`distill`: a teacher's image encoder → a light one (MobileSAM, arXiv 2306.14289, section 3).

--mode decoupled     the student's maps are to equal the teacher's (mean squared error); the decoder is the teacher's, untouched
--mode semi-coupled  the teacher's frozen decoder reads the student's maps; its masks, for random prompts, are to be the teacher's
--mode coupled       likewise, and the decoder learns too

Students see what the teacher saw: the letterboxed photo, unaugmented. With --cache the teacher's encoder does not run.
"""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from export.data.embeddings import Embeddings
from export.data.examples import Numbered
from export.data.frames import inside, low_res_inside
from export.data.order import split
from export.data.photos import Photos
from export.errors import UsageError
from export.messages import say
from export.models.promptable import Promptable, PromptableModel
from export.training import distributed
from export.training.cache import encode
from export.training.loop import run, whole_batches
from export.training.losses import dice, embedding_loss, focal, true_ious
from export.training.recipe import DistillRecipe, Execution, digest
from export.training.schedule import Schedule
from export.training.teacher import load_teacher, student_of
from export.training.trainer import Batch, Objective, Trainer, initialise, seed_rank
from export.training.unpadded import encode_photos
from export.training.views import MAP, Views, example_of

LEARNS = {"decoupled": "encoder", "semi-coupled": "encoder", "coupled": "both"}
FOCAL, DICE = 20.0, 1.0  # SAM's weights (arXiv 2304.02643, appendix A)
Maps = dict[str, torch.Tensor]


class FromTeacher(Objective):
    """Base of the objectives with a teacher: computes the embeddings of teacher and student."""

    def __init__(
        self, model: Promptable, teacher: PromptableModel, half: str | None = None, unpadded: bool = False
    ) -> None:
        super().__init__(model, half)
        self.unpadded = unpadded
        self._teacher = [teacher]  # in a list: it is neither trained, nor averaged, nor saved

    @property
    def teacher(self) -> PromptableModel:
        return self._teacher[0]

    def teacher_maps(self, batch: Batch) -> Maps:
        """The teacher's maps for a batch: from the cache if it has them, otherwise computed now."""
        cached = {name.removeprefix(MAP): value.float() for name, value in batch.items() if name.startswith(MAP)}
        return cached or encode(self.teacher, batch["image"], batch["size"], self.precision)

    def student_maps(self, batch: Batch) -> Maps:
        with self.autocast(batch["image"].device):
            return encode_photos(self.model, batch["image"], batch["size"], self.unpadded)

    def embedding_loss(self, student: Maps, teacher: Maps, size: torch.Tensor) -> torch.Tensor:
        """The sum over the maps: just the image embedding for a SAM; finer maps too, where the teacher has them."""
        frame = self.model.input_size
        losses = [
            embedding_loss(student[name].float(), value, inside(size, frame // value.shape[-1], value.shape[-1]))
            for name, value in teacher.items()
        ]
        return torch.stack(losses).sum()


class Distil(FromTeacher):
    """The loss of one of the three modes (see the module's docstring)."""

    def __init__(
        self,
        model: Promptable,
        teacher: PromptableModel,
        mode: str,
        half: str | None = None,
        unpadded: bool = False,
    ) -> None:
        super().__init__(model, teacher, half, unpadded)
        self.mode = mode

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        student, teacher = self.student_maps(batch), self.teacher_maps(batch)
        if self.mode == "decoupled":
            loss = self.embedding_loss(student, teacher, batch["size"])
            return loss, {"mse_loss": float(loss.detach())}
        return self.mask_loss(student, teacher, batch)

    def mask_loss(self, student: Maps, teacher: Maps, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """SAM's loss against the teacher's answers, token by token: 20 · focal + dice, and the predicted IoU."""
        logits, predicted = answers(self.model, student, batch, self.autocast(batch["image"].device))
        with torch.no_grad():
            aims, scores = answers(self.teacher, teacher, batch, self.autocast(batch["image"].device))
        valid = low_res_inside(batch["size"], self.model.input_size).repeat_interleave(batch["coords"].shape[1], 0)
        expected = (aims > 0).float()
        masks = FOCAL * focal(logits, expected, valid) + DICE * dice(logits, expected, valid)
        loss = masks.mean() + (predicted - scores).square().mean()
        return loss, {"loss": float(loss.detach()), "iou": float(true_ious(logits, expected, valid).mean())}


def answers(
    model: PromptableModel, maps: Maps, batch: Batch, precision: AbstractContextManager[Any]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Decode the random prompts of every photo: low-res logits (B · P, 4, G, G) and predicted IoU (B · P, 4), in float32."""
    coords, labels = batch["coords"].flatten(0, 1), batch["labels"].flatten(0, 1)
    each = {name: value.repeat_interleave(batch["coords"].shape[1], 0) for name, value in maps.items()}
    grid = model.input_size // 4
    with precision:
        logits, predicted = model.decode(each, coords, labels, coords.new_zeros(1, 1, grid, grid), coords.new_zeros(1))
    return logits.float(), predicted.float()


@torch.no_grad()
def measure(objective: FromTeacher, loader: DataLoader, device: str) -> dict[str, float]:
    """On held-out photos: the embedding's error, and the IoU of all four masks with the teacher's, for random prompts."""
    student, teacher = objective.model.eval(), objective.teacher
    errors, ious = [], []
    for held in loader:
        batch = {name: value.to(device) for name, value in held.items()}
        maps, aims = objective.student_maps(batch), objective.teacher_maps(batch)
        errors.append(float(objective.embedding_loss(maps, aims, batch["size"])))
        actual, expected = (
            answers(m, f, batch, objective.autocast(batch["image"].device))[0]
            for m, f in ((student, maps), (teacher, aims))
        )
        valid = low_res_inside(batch["size"], student.input_size).repeat_interleave(batch["coords"].shape[1], 0)
        ious.append(float(true_ious(actual, (expected > 0).float(), valid).mean()))
    return {"heldout_mse_loss": float(np.mean(errors)), "heldout_alignment": float(np.mean(ious))}


def distill(recipe: DistillRecipe, execution: Execution) -> None:
    """Distil a teacher's encoder into a light one: decoupled, semi-coupled or coupled."""
    mode, seed = recipe.mode, recipe.seed
    if recipe.decoder == "fresh" and mode != "coupled":
        raise UsageError(f"--mode {mode} keeps the teacher's decoder: --decoder fresh goes with coupled.")
    with distributed.setup():
        model = load_teacher(recipe.teacher, recipe.teacher_name, recipe.input_size).to(execution.device)
        cached = Embeddings(recipe.cache) if recipe.cache else None
        if cached:
            cached.check_teacher(recipe.teacher, digest(recipe.teacher), model.input_size)
        views = Views(Photos(recipe.data), model.input_size, cached)
        if views.uncached and distributed.is_main():
            say(f"{views.uncached} photos of --data are not in the cache, and are left out.")
        training, held = split([views.identity(index) for index in range(len(views))], recipe.holdout, seed)
        total = whole_batches(recipe.samples or recipe.epochs * len(training), recipe.batch)
        warmup = int(recipe.warmup_share * total)
        torch.manual_seed(seed)
        student = student_of(model, recipe.backbone, fresh_decoder=recipe.decoder == "fresh")
        if recipe.init:
            initialise(student, recipe.init)
        seed_rank(seed)
        trainer = Trainer(
            Distil(student, model, mode, recipe.half, recipe.unpadded),
            Schedule(recipe.rate, total, warmup, recipe.schedule),
            execution.device,
            recipe.average_decay,
            np.random.default_rng(seed),
            learn=LEARNS[mode],
            freeze_batchnorm=recipe.freeze_batchnorm,
            recipe=recipe.recorded(
                len(training), total, warmup, step="distill", mode=mode, teacher=digest(recipe.teacher),
                init=digest(recipe.init), decoder=recipe.decoder, prompts=recipe.prompts, unpadded=recipe.unpadded,
            ),
        )  # fmt: skip
        fixed = Numbered(views, held, example_of(cached, recipe.prompts), seed, execution.memory)
        watch = DataLoader(fixed, batch_size=8, sampler=range(len(held)))
        prompts = 0 if mode == "decoupled" else recipe.prompts
        run(
            trainer,
            Numbered(views, training, example_of(cached, prompts), seed, execution.memory),
            execution,
            samples=total,
            batch=recipe.batch,
            measure=(
                lambda: measure(
                    FromTeacher(trainer.averaged_model(), model, recipe.half, recipe.unpadded), watch, execution.device
                )
            )
            if len(held)
            else None,
        )
