"""`train`: photos with masks → a promptable model, with the prompts simulated in the loop.

Each step encodes a batch of photos once and decodes several prompts for each: an opening point or box, then
corrective clicks in the error region with the earlier mask as prompt. Run again, it goes on where it stopped; under `torchrun`
every process takes its share of each batch.
"""

import numpy as np
import torch
from torch.utils.data import DataLoader

from export.data.augment import Augment
from export.data.dataset import Dataset
from export.data.examples import More, Numbered
from export.data.samples import Sample
from export.errors import ExportError
from export.models.promptable import Config, Promptable
from export.models.selection import preselected
from export.training import distributed
from export.training.loop import run
from export.training.losses import promptable_loss
from export.training.prompts import KINDS, correct, first_prompts
from export.training.recipe import Execution, TrainRecipe, digest
from export.training.schedule import Schedule
from export.training.trainer import Batch, Objective, Trainer, initialise, seed_rank

ROUNDS = (0.3, 0.5, 0.2)  # share of steps with 1, 2 and 3 rounds of clicks
OTHERS = 2  # photos an example may paste objects from


class FromTruth(Objective):
    """The loss against ground-truth masks, over one to three rounds of prompts."""

    def __init__(self, model: Promptable, draw: np.random.Generator, half: str | None = None) -> None:
        super().__init__(model, half)
        self.draw = draw

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        masks = batch["targets"].shape[1]
        with self.autocast(batch["image"].device):
            features = self.features(batch)
        return self.rounds(
            {name: value.repeat_interleave(masks, 0) for name, value in features.items()},
            batch["targets"].flatten(0, 1).float() / 255,
            self.valid(batch).repeat_interleave(masks, 0),
        )

    def features(self, batch: Batch) -> dict[str, torch.Tensor]:
        """The encoder's maps of the batch's photos."""
        image = batch["image"].permute(0, 3, 1, 2).float()
        return self.model.encode(image.contiguous(memory_format=torch.channels_last))

    def valid(self, batch: Batch) -> torch.Tensor:
        """(B, G, G) bool: the low-res cells that show some photo."""
        return batch["valid"]

    def rounds(
        self, features: dict[str, torch.Tensor], target: torch.Tensor, valid: torch.Tensor
    ) -> tuple[torch.Tensor, dict[str, float]]:
        """Run one to three rounds of prompts for soft targets (B, G, G); returns the mean loss and the first round's figures."""
        prompts = first_prompts(target, str(self.draw.choice(list(KINDS), p=list(KINDS.values()))))
        rounds = 1 + int(self.draw.choice(len(ROUNDS), p=ROUNDS))
        total, figures = torch.zeros((), device=target.device), dict[str, float]()
        for number in range(rounds):
            with self.autocast(target.device):
                logits, predicted = self.model.decode(
                    features, prompts.coords, prompts.labels, prompts.mask_input, prompts.has_mask
                )
            logits, predicted = logits.float(), predicted.float()
            loss, logged = promptable_loss(logits, predicted, target, valid)
            total = total + loss / rounds
            if number == 0 and not (prompts.labels >= 2).any():
                figures = {f"click1_{name}": value for name, value in logged.items()}
            elif number == 0 and not (prompts.labels == 1).any():
                figures = {f"box_{name}": value for name, value in logged.items()}
            if number + 1 < rounds:
                picked = preselected(predicted, prompts.lone_point)
                chosen = logits.detach()[torch.arange(len(logits)), picked]
                prompts = correct(prompts, target, chosen, valid)
        return total, figures


@torch.no_grad()
def measure(objective: FromTruth, loader: DataLoader[dict[str, np.ndarray]], device: str) -> dict[str, float]:
    """Low-res IoU on held-out examples, the first object of each: one click (picked by prediction, and best of three) and box."""
    model = objective.model.eval()
    sums: dict[str, list[float]] = {"heldout_click1": [], "heldout_oracle": [], "heldout_box": []}
    state = torch.get_rng_state()
    torch.manual_seed(0)
    for held in loader:
        batch = {name: torch.as_tensor(value).to(device) for name, value in held.items()}
        features, valid = objective.features(batch), objective.valid(batch)
        target = batch["targets"][:, 0].float() / 255
        for kind in ("point", "box"):
            p = first_prompts(target, kind)
            _, logged = promptable_loss(
                *model.decode(features, p.coords, p.labels, p.mask_input, p.has_mask), target, valid
            )
            if kind == "point":
                sums["heldout_click1"].append(logged["picked_iou"])
                sums["heldout_oracle"].append(logged["best_iou"])
            else:
                sums["heldout_box"].append(logged["token0_iou"])
    torch.set_rng_state(state)
    return {name: float(np.mean(values)) for name, values in sums.items()}


def examples(dataset: Dataset, keep: np.ndarray, augment: Augment, seed: int, memory: int) -> Numbered[Sample]:
    """Augmented training examples of the photos `keep`; the augmentation differs in each epoch."""

    def make(sample: Sample, more: More[Sample], rng: np.random.Generator) -> dict[str, np.ndarray]:
        return augment(sample, [more.other() for _ in range(OTHERS)], rng)

    return Numbered(dataset, keep, make, seed, memory)


def train(recipe: TrainRecipe, execution: Execution) -> None:
    """Train a promptable model on photos with masks."""
    with distributed.setup():
        torch.manual_seed(recipe.seed)
        dataset = Dataset(recipe.data)
        training, held = dataset.set_aside(recipe.holdout, recipe.seed)
        try:
            model = Promptable(Config(backbone=recipe.backbone, dim=recipe.dim, input_size=recipe.input_size))
        except (ValueError, RuntimeError) as error:  # timm raises RuntimeError for an unknown name
            raise ExportError(str(error)) from error
        if recipe.init:
            initialise(model, recipe.init)
        draw, seed, memory = np.random.default_rng(recipe.seed), recipe.seed, execution.memory
        objective = FromTruth(model, draw, recipe.half)
        seed_rank(seed)
        trainer = Trainer(
            objective,
            Schedule(recipe.rate, recipe.samples, recipe.warmup_photos, recipe.schedule),
            execution.device,
            recipe.average_decay,
            draw,
            freeze_batchnorm=recipe.freeze_batchnorm,
            recipe=recipe.recorded(
                len(training), recipe.samples, recipe.warmup_photos,
                step="train", init=digest(recipe.init), masks=recipe.masks,
            ),
        )  # fmt: skip
        fixed = examples(dataset, held, Augment(recipe.input_size, 1, paste=0, crop=0), seed, memory)
        watch: DataLoader[dict[str, np.ndarray]] = DataLoader(fixed, batch_size=50, sampler=range(len(held)))
        run(
            trainer,
            examples(dataset, training, Augment(recipe.input_size, recipe.masks), seed, memory),
            execution,
            samples=recipe.samples,
            batch=recipe.batch,
            measure=(lambda: measure(FromTruth(trainer.averaged_model(), draw), watch, execution.device))
            if len(held)
            else None,
        )
