"""Weights that are no numbers: one of them makes every answer worthless, and comparisons with it pass unseen."""

from collections.abc import Mapping
from pathlib import Path

import torch

from export.errors import ExportError


def check_finite(weights: Mapping[str, object], path: Path) -> None:
    """Raise ExportError that names the first tensor of a state dict with NaN or infinite values; `path` is where it comes from."""
    bad = [
        name
        for name, value in weights.items()
        if isinstance(value, torch.Tensor) and value.is_floating_point() and not torch.isfinite(value).all()
    ]
    if bad:
        others = f", and {len(bad) - 1} more like it" if len(bad) > 1 else ""
        raise ExportError(
            f"{path} is not usable: its tensor {bad[0]} holds values that are not finite (NaN or infinity){others}. "
            "The file is damaged, or its training diverged: take an earlier checkpoint, or get it again."
        )
