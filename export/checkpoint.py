"""Checkpoints: weights and what rebuilds the model, written aside and renamed, so that a kill leaves the last one whole."""

import io
from pathlib import Path
from typing import Any

import click
import torch

from export.files import write_whole
from export.models.promptable import Config, Promptable, PromptableModel


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `content` to `path` atomically."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_whole(path, buffer.getvalue())


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; weights and plain values only, no pickled code."""
    if not path.exists():
        raise click.ClickException(f"No checkpoint at {path}. Train one: python -m export train --help")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise click.ClickException(f"{path} is not a readable checkpoint ({error}). Is the copy complete?") from error


def load_model(path: Path) -> PromptableModel:
    """Rebuild the model of a checkpoint, ready for inference: one of `train` (its averaged weights), or `mobile_sam.pt`."""
    content = load(path)
    if "config" not in content and any(key.startswith("image_encoder.") for key in content):
        return _official(content, path)
    try:
        model = Promptable(Config(**content["config"]))
        model.load_state_dict(content["average"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise click.ClickException(f"{path} is not a checkpoint of `python -m export train`: {error}") from error
    return model.eval()


def _official(weights: dict[str, torch.Tensor], path: Path) -> PromptableModel:
    from export.models.mobile_sam import MobileSam  # only here: training needs none of it

    model = MobileSam()
    try:
        model.load_official(weights)
    except ValueError as error:
        raise click.ClickException(
            f"{path}: {error} MobileSAM's own mobile_sam.pt (40,728,226 bytes) can be loaded."
        ) from error
    return model.eval()
