"""`train`: photos with masks → a promptable model, with the prompts simulated in the loop.

Each step encodes a batch of photos once and decodes several prompts for each: an opening point or box, then
corrective clicks in the error region with the earlier mask as prompt. Run again, it goes on where it stopped.
"""

import functools
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from export import checkpoint
from export.data.augment import Augment
from export.data.samples import Samples
from export.losses import promptable_loss
from export.models.promptable import Config, Promptable
from export.plot import plot_curves
from export.prompts import KINDS, correct, first_prompts

ROUNDS = (0.3, 0.5, 0.2)  # share of steps with 1, 2 and 3 rounds of clicks
OTHERS = 2  # photos an example may paste objects from


@dataclass(frozen=True)
class Schedule:
    """Learning rate by samples seen: warm-up, then `constant`, or falling to 0 at `total` by `cosine` or `linear`."""

    rate: float
    total: int
    warmup: int
    shape: str

    def __call__(self, seen: int) -> float:
        start = min(1.0, (seen + 1) / max(1, self.warmup))
        done = min(1.0, seen / self.total)
        fall = {"constant": 1.0, "cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done}[self.shape]
        return self.rate * start * fall


class Examples(Dataset[dict[str, np.ndarray]]):
    """Augmented examples by number: the n-th is the same in every run, so that a resumed run sees the same order."""

    def __init__(self, samples: Samples, keep: np.ndarray, augment: Augment, seed: int, cache: int) -> None:
        self.keep, self.augment, self.seed = keep, augment, seed
        self.sample = functools.lru_cache(maxsize=cache)(samples.__getitem__)

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        epoch, position = divmod(number, len(self.keep))
        rng = np.random.default_rng([self.seed, number])
        index = self.keep[_order(len(self.keep), self.seed, epoch)[position]]
        others = self.keep[rng.integers(len(self.keep), size=OTHERS)]
        return self.augment(self.sample(int(index)), [self.sample(int(other)) for other in others], rng)


@functools.lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch, 1]).permutation(count)


Tensors = tuple[Tensor, ...] | list[Tensor]


def running_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """An exponential moving average that forgets the untrained start: the decay grows to `decay` over the first steps.

    With a fixed decay of 0.998 a third of the average is still random weights after 500 steps, and useless.
    """

    @torch.no_grad()
    def update(averages: Tensors, current: Tensors, count: Tensor | int) -> None:
        weight = 1 - min(decay, (1 + int(count)) / (10 + int(count)))
        for average, value in zip(averages, current, strict=True):
            if average.is_floating_point():
                average.lerp_(value, weight)
            else:
                average.copy_(value)

    return update


class Trainer:
    """A model, its running average, its optimiser and how far they came."""

    def __init__(
        self, model: Promptable, schedule: Schedule, device: str, decay: float, seed: int, half: bool = False
    ) -> None:
        self.device, self.schedule, self.half = device, schedule, half
        self.model = model.to(device).to(memory_format=torch.channels_last)
        self.average = AveragedModel(self.model, multi_avg_fn=running_average(decay), use_buffers=True)
        decayed = [p for p in model.parameters() if p.ndim > 1]
        rest = [p for p in model.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": rest, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=schedule.rate, betas=(0.9, 0.98), fused=True)
        self.seen = 0
        self.log: list[dict[str, float]] = []
        self.draw = np.random.default_rng(seed)

    def step(self, batch: dict[str, torch.Tensor]) -> dict[str, float]:
        """One optimiser step on a batch of examples; returns the figures of the last round and of the first."""
        self.model.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule(self.seen)
        image = batch["image"].to(self.device).permute(0, 3, 1, 2).float()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            features = self.model.encode(image.contiguous(memory_format=torch.channels_last))
        masks = batch["targets"].shape[1]
        features = {name: value.repeat_interleave(masks, 0) for name, value in features.items()}
        target = batch["targets"].to(self.device).flatten(0, 1).float() / 255
        valid = batch["valid"].to(self.device).repeat_interleave(masks, 0)
        prompts = first_prompts(target, str(self.draw.choice(list(KINDS), p=list(KINDS.values()))))
        rounds = 1 + int(self.draw.choice(len(ROUNDS), p=ROUNDS))
        total, figures = torch.zeros((), device=self.device), {}
        for number in range(rounds):
            with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
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
                picked = torch.where(prompts.lone_point, predicted[:, 1:].argmax(1) + 1, 0)
                chosen = logits.detach()[torch.arange(len(logits)), picked]
                prompts = correct(prompts, target, chosen, valid)
        if not torch.isfinite(total):
            raise click.ClickException(
                f"The loss became {float(total)} after {self.seen} samples: lower --rate and resume."
            )
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.average.update_parameters(self.model)
        self.seen += len(image)
        return figures

    def averaged_model(self) -> Promptable:
        """The model with the running average of the weights: the one to measure and to ship."""
        module = self.average.module
        assert isinstance(module, Promptable)
        return module

    def save(self, path: Path) -> None:
        """Write everything that resuming needs."""
        content = {
            "config": self.model.config.as_dict(),
            "model": self.model.state_dict(),
            "average": self.averaged_model().state_dict(),
            "averaged": int(self.average.n_averaged),
            "optimiser": self.optimiser.state_dict(),
            "seen": self.seen,
            "log": self.log,
            "draw": json.dumps(self.draw.bit_generator.state),
            "torch_rng": torch.get_rng_state(),
        }
        checkpoint.save(path, content)

    def resume(self, path: Path) -> None:
        """Take up the state that `save` wrote."""
        content = checkpoint.load(path)
        if content["config"] != self.model.config.as_dict():
            raise click.ClickException(f"{path} was trained with other model settings; choose another --out.")
        self.model.load_state_dict(content["model"])
        self.averaged_model().load_state_dict(content["average"])
        self.average.n_averaged.fill_(content["averaged"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.seen, self.log = content["seen"], content["log"]
        self.draw.bit_generator.state = json.loads(content["draw"])
        torch.set_rng_state(content["torch_rng"])


def initialise(model: Promptable, path: Path) -> None:
    """Start from the averaged weights of another run (another input size is fine)."""
    content = checkpoint.load(path)
    try:
        model.load_state_dict(content["average"])
    except (KeyError, RuntimeError) as error:
        raise click.ClickException(f"--init {path} does not fit these model settings: {error}") from error


def split(identities: Sequence[str], holdout: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split sample numbers into (training, held out): by photo, so that one named twice never lies on both sides."""
    first: dict[str, int] = {}
    for index, identity in enumerate(identities):
        first.setdefault(identity, index)
    photos = list(first)
    held = {photos[i] for i in np.random.default_rng([seed, 7]).permutation(len(photos))[:holdout]}
    training = [index for index, identity in enumerate(identities) if identity not in held]
    return np.array(training), np.array([first[identity] for identity in photos if identity in held])


@torch.no_grad()
def measure(model: Promptable, loader: DataLoader[dict[str, np.ndarray]], device: str) -> dict[str, float]:
    """Low-res IoU on held-out examples: one click (picked by prediction, and best of three) and box."""
    model.eval()
    sums: dict[str, list[float]] = {"heldout_click1": [], "heldout_oracle": [], "heldout_box": []}
    state = torch.get_rng_state()
    torch.manual_seed(0)
    for batch in loader:
        features = model.encode(batch["image"].to(device).permute(0, 3, 1, 2).float())
        target, valid = batch["targets"][:, 0].to(device).float() / 255, batch["valid"].to(device)
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


def _batches(examples: Examples, start: int, total: int, batch: int, workers: int) -> Iterator[dict[str, torch.Tensor]]:
    loader: DataLoader[dict[str, np.ndarray]] = DataLoader(
        examples,
        batch_size=batch,
        sampler=range(start, total),
        num_workers=workers,
        drop_last=True,
        persistent_workers=False,
        prefetch_factor=4 if workers else None,
        generator=torch.Generator(),  # its own: opening a loader must not move the prompts' random numbers
    )
    return iter(loader)


@click.command()
@click.option("--data", multiple=True, required=True, help="Shard, folder or pattern; twice = drawn twice as often.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Run folder: checkpoint, log, plot.")
@click.option("--init", type=click.Path(path_type=Path), help="Start from another run's checkpoint.")
@click.option("--backbone", default=Config.backbone, show_default=True, help="Any timm model with strides 4, 8, 16.")
@click.option("--dim", default=Config.dim, show_default=True, help="Channels of the embedding (SAM: 256).")
@click.option("--input-size", default=Config.input_size, show_default=True, help="Model frame, long side in pixels.")
@click.option("--samples", default=150_000, show_default=True, help="Photos to see in all.")
@click.option("--batch", default=32, show_default=True)
@click.option("--masks", default=2, show_default=True, help="Prompts decoded for each photo.")
@click.option("--rate", default=1.5e-3, show_default=True, help="Peak learning rate (AdamW).")
@click.option("--schedule", type=click.Choice(["constant", "cosine", "linear"]), default="cosine", show_default=True)
@click.option("--warmup", default=10_000, show_default=True, help="Photos until the peak rate.")
@click.option("--decay", default=0.998, show_default=True, help="Of the weights' running average, a step.")
@click.option("--holdout", default=300, show_default=True, help="Photos set aside to measure progress.")
@click.option("--workers", default=1, show_default=True, help="Processes that decode and augment.")
@click.option("--cache", default=20_000, show_default=True, help="Decoded photos each worker keeps in memory.")
@click.option("--save-minutes", default=2.0, show_default=True, help="Time between checkpoints.")
@click.option("--measure-every", default=8_000, show_default=True, help="Photos between held-out measurements.")
@click.option("--half", is_flag=True, help="bfloat16 where it is safe: faster on GPUs and on CPUs with AVX512-BF16.")
@click.option("--seed", default=0, show_default=True)
@click.option("--device", default="cuda" if torch.cuda.is_available() else "cpu", show_default=True)
def train(  # type: ignore[no-untyped-def]
    data, out, init, backbone, dim, input_size, samples, batch, masks, rate, schedule, warmup, decay, holdout,
    workers, cache, save_minutes, measure_every, half, seed, device,
) -> None:  # fmt: skip
    """Train a promptable model on photos with masks."""
    torch.manual_seed(seed)
    pool = Samples(data)
    identities = [pool.identity(index) for index in range(len(pool))]
    training, held = split(identities, min(holdout, len(set(identities)) // 5), seed)
    try:
        model = Promptable(Config(backbone=backbone, dim=dim, input_size=input_size))
    except (ValueError, RuntimeError) as error:  # timm raises RuntimeError for an unknown name
        raise click.ClickException(str(error)) from error
    if init:
        initialise(model, init)
    trainer = Trainer(model, Schedule(rate, samples, warmup, schedule), device, decay, seed, half)
    path = out / "checkpoint.pt"
    if path.exists():
        trainer.resume(path)
        click.echo(f"Resuming {path} at {trainer.seen:,} of {samples:,} photos.")
    examples = Examples(pool, training, Augment(input_size, masks), seed, cache)
    fixed = Examples(pool, held, Augment(input_size, 1, paste=0, crop=0), seed, cache)
    watch: DataLoader[dict[str, np.ndarray]] = DataLoader(fixed, batch_size=50, sampler=range(len(held)))
    saved = time.monotonic()
    recent: dict[str, float] = {}
    with tqdm(total=samples, initial=trainer.seen, unit="photo", smoothing=0.05) as bar:
        for examples_batch in _batches(examples, trainer.seen, samples, batch, workers):
            for name, value in trainer.step(examples_batch).items():
                recent[name] = 0.98 * recent.get(name, value) + 0.02 * value
            bar.update(batch)
            bar.set_postfix({k: f"{v:.3f}" for k, v in recent.items() if k.endswith("picked_iou")}, refresh=False)
            if trainer.seen // measure_every != (trainer.seen - batch) // measure_every:
                figures = measure(trainer.averaged_model(), watch, device) if len(held) else {}
                trainer.log.append({"seen": trainer.seen, **recent, **figures})
                bar.write(json.dumps({k: round(v, 4) for k, v in trainer.log[-1].items()}))
            if time.monotonic() - saved > 60 * save_minutes:
                trainer.save(path)
                saved = time.monotonic()
    trainer.save(path)
    plot_curves(trainer.log, out / "curves.png")
    click.echo(f"Wrote {path} and {out / 'curves.png'}.")
