"""The learning rate schedule, and the running average of the weights."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

SHAPES = ("constant", "cosine", "linear")
Tensors = tuple[Tensor, ...] | list[Tensor]


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
