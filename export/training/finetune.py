"""`finetune`: a student learns with the prompts in the loop (EdgeSAM, arXiv 2312.06660), after `distill`.

Objects of the photos' masks are prompted by a point or a box, half of each. --target teacher: all four masks are to equal the
teacher's for the same prompt (5 · BCE + 5 · dice against its binarised masks); then, --loops times, a point is added where
student and teacher disagree, and both answer again. --target truth: the photos' own masks, as `train` does it.
"""

from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import DataLoader

from export.data.augment import pool, regions_of
from export.data.dataset import Dataset
from export.data.embeddings import CacheError, Embeddings
from export.data.examples import Make, More, Numbered
from export.data.frames import letterboxed, low_res_inside
from export.data.samples import Sample
from export.errors import UsageError
from export.models.geometry import Letterbox
from export.models.promptable import Promptable, PromptableModel
from export.models.selection import preselected
from export.training import distributed
from export.training.distill import FromTeacher, Maps
from export.training.loop import run, whole_batches
from export.training.losses import bce, dice, true_ious
from export.training.prompts import Prompts, correct, point_or_box
from export.training.recipe import Execution, FinetuneRecipe, digest
from export.training.schedule import Schedule
from export.training.teacher import as_student, load_teacher
from export.training.train import FromTruth
from export.training.train import measure as measure_truth
from export.training.trainer import Batch, Trainer, seed_rank
from export.training.unpadded import encode_photos
from export.training.views import MAP

BCE, DICE = 5.0, 5.0  # EdgeSAM's weights


class InTheLoop(FromTeacher):
    """The loss of all four masks against the teacher's, for the first prompt and after each added point."""

    def __init__(
        self,
        model: Promptable,
        teacher: PromptableModel,
        loops: int,
        score: bool,
        half: str | None = None,
        unpadded: bool = False,
        embedding_weight: float = 0,
    ) -> None:
        super().__init__(model, teacher, half, unpadded)
        self.loops, self.score, self.embedding_weight = loops, score, embedding_weight

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        masks = batch["targets"].shape[1]
        encoded = self.student_maps(batch), self.teacher_maps(batch)
        student, teacher = (
            {name: value.repeat_interleave(masks, 0) for name, value in maps.items()} for maps in encoded
        )
        valid = low_res_inside(batch["size"], self.model.input_size).repeat_interleave(masks, 0)
        prompts = point_or_box(batch["targets"].flatten(0, 1).float() / 255)
        losses, ious = [], []
        for number in range(1 + self.loops):
            logits, predicted = self.answer(self.model, student, prompts)
            with torch.no_grad():
                aims, scores = self.answer(self.teacher, teacher, prompts)
            expected = (aims > 0).float()
            loss = (BCE * bce(logits, expected, valid) + DICE * dice(logits, expected, valid)).mean()
            if self.score:
                loss = loss + (predicted - scores).square().mean()
            losses.append(loss)
            ious.append(float(true_ious(logits, expected, valid).mean()))
            if number < self.loops:
                prompts = disagreement(prompts, logits.detach(), aims, scores, valid)
        total, figures = torch.stack(losses).mean(), {"first_iou": ious[0], "last_iou": ious[-1]}
        if self.embedding_weight:
            error = self.embedding_loss(*encoded, batch["size"])
            total, figures = total + self.embedding_weight * error, {**figures, "mse_loss": float(error.detach())}
        return total, {"loss": float(total.detach()), **figures}

    def answer(self, model: PromptableModel, maps: Maps, prompts: Prompts) -> tuple[torch.Tensor, torch.Tensor]:
        """Low-res logits (B, 4, G, G) and predicted IoU (B, 4) in float32."""
        with self.autocast(prompts.coords.device):
            logits, predicted = model.decode(maps, prompts.coords, prompts.labels, prompts.mask_input, prompts.has_mask)
        return logits.float(), predicted.float()


def disagreement(
    prompts: Prompts, student: torch.Tensor, teacher: torch.Tensor, scores: torch.Tensor, valid: torch.Tensor
) -> Prompts:
    """Add a point where the masks of student and teacher (B, 4, G, G) differ, for the token that the teacher would offer.

    The point lies in the larger of the missing and the surplus region. There is no mask prompt: both models decode from points.
    """
    token = preselected(scores, prompts.lone_point)
    each = torch.arange(len(token), device=token.device)
    after = correct(prompts, (teacher[each, token] > 0).float(), student[each, token], valid)
    return replace(after, mask_input=prompts.mask_input, has_mask=prompts.has_mask)


class LetterboxedTruth(FromTruth):
    """The loss against the photos' own masks, for letterboxed photos as the teacher sees them."""

    def __init__(
        self, model: Promptable, draw: np.random.Generator, half: str | None = None, unpadded: bool = False
    ) -> None:
        super().__init__(model, draw, half)
        self.unpadded = unpadded

    def features(self, batch: Batch) -> Maps:
        return encode_photos(self.model, batch["image"], batch["size"], self.unpadded)

    def valid(self, batch: Batch) -> torch.Tensor:
        return low_res_inside(batch["size"], self.model.input_size)


def framed(dataset: Dataset, input_size: int, masks: int, cached: Embeddings | None) -> Make[Sample]:
    """How a sample becomes an example: image, size, targets (masks, G, G) uint8 soft 0…255, and the teacher's cached maps."""

    def make(sample: Sample, more: More[Sample], rng: np.random.Generator) -> dict[str, np.ndarray]:
        chosen = regions_of(sample, rng, masks)
        chosen = [chosen[i % len(chosen)] for i in range(masks)]
        height, width = sample.photo.shape[:2]
        resize = Letterbox(width, height, input_size).resize
        maps = cached.read(dataset.name(more.index), flipped=False) if cached else {}
        return {
            **letterboxed(sample.photo, input_size),
            "targets": np.stack([pool(resize(mask), input_size) for mask in chosen]),
            **{MAP + name: value.numpy() for name, value in maps.items()},
        }

    return make


@torch.no_grad()
def measure_answers(objective: InTheLoop, loader: DataLoader, device: str) -> dict[str, float]:
    """The objective's own figures on held-out photos, for the same prompts each time."""
    objective.model.eval()
    state = torch.get_rng_state()
    torch.manual_seed(0)
    figures: dict[str, list[float]] = {}
    for batch in loader:
        for name, value in objective({key: tensor.to(device) for key, tensor in batch.items()})[1].items():
            figures.setdefault(f"heldout_{name}", []).append(value)
    torch.set_rng_state(state)
    return {name: float(np.mean(values)) for name, values in figures.items()}


def finetune(recipe: FinetuneRecipe, execution: Execution) -> None:
    """Fine-tune a student with prompts in the loop, against its teacher's masks or the photos' own."""
    if (recipe.target == "teacher") != (recipe.teacher is not None):
        raise UsageError("--target teacher needs --teacher, and --target truth takes none.")
    with distributed.setup():
        seed, learn, memory = recipe.seed, recipe.learn, execution.memory
        torch.manual_seed(seed)
        student = as_student(load_teacher(recipe.student, None, recipe.input_size), recipe.student)
        student.requires_grad_(True)
        draw = np.random.default_rng(seed)
        model, cached = None, None
        if recipe.teacher:
            model = load_teacher(recipe.teacher, recipe.teacher_name, student.input_size).to(execution.device)
            cached = Embeddings(recipe.cache) if recipe.cache else None
            if cached:
                cached.check_teacher(recipe.teacher, digest(recipe.teacher), model.input_size)

        def against(teacher: PromptableModel, learner: Promptable) -> InTheLoop:
            return InTheLoop(
                learner,
                teacher,
                recipe.loops,
                learn != "encoder",
                recipe.half,
                recipe.unpadded,
                recipe.embedding_weight,
            )

        dataset = Dataset(recipe.data)
        chosen = [i for i in range(len(dataset)) if cached is None or cached.has(dataset.name(i))]
        if not chosen:
            raise CacheError(
                f"{recipe.cache} has none of the photos of --data: cache them first, or leave --cache away."
            )
        training, held = dataset.set_aside(recipe.holdout, seed, chosen)
        total = whole_batches(recipe.samples or recipe.epochs * len(training), recipe.batch)
        warmup = int(recipe.warmup_share * total)
        make = framed(dataset, student.input_size, recipe.masks, cached)
        seed_rank(seed)
        trainer = Trainer(
            against(model, student) if model else LetterboxedTruth(student, draw, recipe.half, recipe.unpadded),
            Schedule(recipe.rate, total, warmup, recipe.schedule),
            execution.device,
            recipe.average_decay,
            draw,
            learn=learn,
            freeze_batchnorm=recipe.freeze_batchnorm,
            recipe=recipe.recorded(
                len(training), total, warmup, step="finetune", target=recipe.target, learn=learn, loops=recipe.loops,
                teacher=digest(recipe.teacher), student=digest(recipe.student), masks=recipe.masks, unpadded=recipe.unpadded,
                embedding_weight=recipe.embedding_weight,
            ),
        )  # fmt: skip
        watch = DataLoader(Numbered(dataset, held, make, seed, memory), batch_size=8, sampler=range(len(held)))

        def measure() -> dict[str, float]:
            average = trainer.averaged_model()
            if model:
                return measure_answers(against(model, average), watch, execution.device)
            return measure_truth(LetterboxedTruth(average, draw, recipe.half, recipe.unpadded), watch, execution.device)

        run(
            trainer,
            Numbered(dataset, training, make, seed, memory),
            execution,
            samples=total,
            batch=recipe.batch,
            measure=measure if len(held) else None,
        )
