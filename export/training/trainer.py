"""`Trainer`: the state of a training run (model, running average, optimiser, photos seen), its steps and its checkpoint."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.layers.norm_act import convert_sync_batchnorm
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from export.errors import ExportError
from export.messages import say
from export.models import checkpoint
from export.models.finite import check_finite
from export.models.promptable import Config, Promptable
from export.training.distributed import is_main, world
from export.training.recipe import changes
from export.training.schedule import Schedule, running_average

LEARN = ("encoder", "decoder", "both")
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}
Batch = dict[str, torch.Tensor]


class Objective(nn.Module):
    """What a step optimises: forward(batch) → (loss, figures to log). Holds the student, so that DDP sees its weights."""

    def __init__(self, model: Promptable, half: str | None = None) -> None:
        super().__init__()
        self.model, self.precision = model, half

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """Half precision where it is asked for; losses stay outside, in float32."""
        return torch.autocast(
            device.type, HALF.get(self.precision or "", torch.bfloat16), enabled=self.precision is not None
        )

    def forward(self, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        raise NotImplementedError


class Trainer:
    """Runs optimiser steps, and saves and restores the state that they depend on.

    learn: the part that changes; the other one is frozen, in eval mode. freeze_batchnorm: normalise with the running
    statistics, so that an example's result does not depend on the others in its batch, nor on how a batch is split over
    processes. draw: the random numbers of the objective, saved with the rest. recipe: `Recipe.recorded`, which a resumed run
    must share, or be told to change.
    """

    def __init__(
        self,
        objective: Objective,
        schedule: Schedule,
        device: str,
        average_decay: float,
        draw: np.random.Generator,
        learn: str = "both",
        freeze_batchnorm: bool = False,
        recipe: Mapping[str, Any] | None = None,
    ) -> None:
        self.device, self.schedule, self.draw = torch.device(device), schedule, draw
        self.freeze_batchnorm, self.recipe = freeze_batchnorm, dict(recipe or {})
        self.objective = objective.to(self.device).to(memory_format=torch.channels_last)
        self.model = objective.model
        parts = {"encoder": [self.model.image_encoder], "decoder": [self.model.prompt_encoder, self.model.mask_decoder]}
        self.frozen = [part for name, modules in parts.items() if learn not in (name, "both") for part in modules]
        for part in self.frozen:
            part.requires_grad_(False)
        self.average = AveragedModel(self.model, multi_avg_fn=running_average(average_decay), use_buffers=True)
        learnt = [p for p in self.model.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in learnt if p.ndim > 1], "weight_decay": 0.05},
            {"params": [p for p in learnt if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.98), fused=True)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=objective.precision == "fp16")
        self.parallel = _parallel(objective, self.device)
        self.seen = 0
        self.log: list[dict[str, float]] = []

    def step(self, batch: Batch) -> dict[str, float]:
        """One optimiser step on this process's part of a batch; returns the objective's figures."""
        self._train_mode()
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule(self.seen)
        batch = {name: value.to(self.device) for name, value in batch.items()}
        loss, figures = self.parallel(batch)
        if not torch.isfinite(loss):
            raise ExportError(
                f"The loss became {float(loss)} after {self.seen} samples: lower --rate and resume with --accept-changes."
            )
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        torch.nn.utils.clip_grad_norm_((p for p in self.model.parameters() if p.requires_grad), 1.0)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.average.update_parameters(self.model)
        self.seen += len(batch["image"]) * world()[1]
        return figures

    def _train_mode(self) -> None:
        self.model.train()
        for part in self.frozen:
            part.eval()
        if self.freeze_batchnorm:
            for module in self.model.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()

    def averaged_model(self) -> Promptable:
        """The model with the running average of the weights: the one to measure and to ship."""
        module = self.average.module
        assert isinstance(module, Promptable)
        return module

    def save(self, path: Path) -> None:
        """Write everything that resuming needs, whole or not at all."""
        content = {
            "config": self.model.config.as_dict(),
            "model": self.model.state_dict(),
            "average": self.averaged_model().state_dict(),
            "averaged": int(self.average.n_averaged),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "seen": self.seen,
            "log": self.log,
            "draw": json.dumps(self.draw.bit_generator.state),
            "torch_rng": torch.get_rng_state(),
            "recipe": self.recipe,
        }
        try:
            checkpoint.save(path, content)
        except OSError as error:
            raise ExportError(
                f"Cannot write {path}: {error}. Nothing half-written is left; make room and run the same command again: "
                "it goes on from the last checkpoint."
            ) from error

    def resume(self, path: Path, accept_changes: bool = False) -> None:
        """Take up the state that `save` wrote; one of another recipe is refused, or its changes are accepted aloud."""
        content = checkpoint.load(path)
        if Config.from_dict(content["config"]) != self.model.config:
            raise ExportError(f"{path} was trained with other model settings; choose another --out.")
        changed = "; ".join(changes(content.get("recipe", {}), self.recipe))
        if changed and not accept_changes:
            raise ExportError(
                f"{path} was made with another recipe (was → is): {changed}. "
                "Choose another --out, or give --accept-changes to go on with the new one."
            )
        if changed and is_main():
            say(f"Accepted changes (was → is): {changed}.")
        self.model.load_state_dict(content["model"])
        self.averaged_model().load_state_dict(content["average"])
        self.average.n_averaged.fill_(content["averaged"])
        try:
            self.optimiser.load_state_dict(content["optimiser"])
        except ValueError as error:  # another part was learnt
            raise ExportError(f"{path} has learnt other parts of the model; choose another --out.") from error
        if content.get("scaler"):
            self.scaler.load_state_dict(content["scaler"])
        self.seen, self.log = content["seen"], content["log"]
        self.draw.bit_generator.state = json.loads(content["draw"])
        torch.set_rng_state(content["torch_rng"])
        seed_rank(self.seen)


def initialise(model: Promptable, path: Path) -> None:
    """Start from the averaged weights of another run (another input size is fine)."""
    content = checkpoint.load(path)
    try:
        check_finite(content["average"], path)
        lacking = model.load_state_dict(content["average"], strict=False)
        # A refined encoder begins as the plain one: its blocks do nothing before they are trained.
        added = [name for name in lacking.missing_keys if not name.startswith("image_encoder.blocks.")]
        if added or lacking.unexpected_keys:
            raise RuntimeError(
                f"{len(added)} weights are missing and {len(lacking.unexpected_keys)} do not belong there."
            )
    except (AttributeError, KeyError, RuntimeError) as error:
        raise ExportError(f"--init {path} does not fit these model settings: {error}") from error


def seed_rank(number: int) -> None:
    """Seed each process differently, so that their random clicks differ; a single process keeps its generator's state."""
    rank, size = world()
    if size > 1:
        torch.manual_seed(hash((number, rank)))


def _parallel(objective: Objective, device: torch.device) -> nn.Module:
    """The objective, under DDP when `torchrun` started several processes: gradients become the mean over all of them."""
    if world()[1] == 1:
        return objective
    if device.type == "cuda":  # on CPUs torch has no synchronised BatchNorm: statistics are each process's own
        objective.model.image_encoder = convert_sync_batchnorm(objective.model.image_encoder)
    return DistributedDataParallel(
        objective,
        device_ids=[device.index] if device.type == "cuda" else None,
        find_unused_parameters=True,  # a step may use no mask prompt, or none of the IoU head
    )
