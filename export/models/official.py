"""What official checkpoints have in common: their keys and shapes are compared with the model's before anything is loaded.

A checkpoint that was rebuilt from the same weights in another form is known by its content: `fingerprint`.
"""

import hashlib
import re
from collections.abc import Callable, Mapping

import torch
from torch import nn


def check_keys(
    model: nn.Module,
    weights: Mapping[str, torch.Tensor],
    unused: re.Pattern[str],
    title: str,
    our_name: Callable[[str], str] = str,
    official_name: Callable[[str], str] = str,
) -> dict[str, torch.Tensor]:
    """Return `weights` under the model's own names, less what matches `unused`.

    weights: a state dict with official keys; `our_name` and `official_name` translate between those and the model's.
    Raises ValueError that names what is missing, unexpected or of another shape; the model is not touched here.
    """
    given = {our_name(key): (key, value) for key, value in weights.items() if not unused.search(key)}
    expected = {name: value.shape for name, value in model.state_dict().items() if not unused.search(name)}
    wrong = [
        f"{key} is {_shape(value)}, not {tuple(expected[name])}"
        for name, (key, value) in given.items()
        if name in expected and not (isinstance(value, torch.Tensor) and value.shape == expected[name])
    ]
    complaints = {
        "missing": [official_name(name) for name in expected.keys() - given.keys()],
        "unexpected": [key for name, (key, _) in given.items() if name not in expected],
        "of another shape": wrong,
    }
    found = [f"{what}: {_few(names)}" for what, names in complaints.items() if names]
    if found:
        raise ValueError(f"These are not {title}'s official weights. {'; '.join(found)}.")
    return {name: value for name, (_, value) in given.items()}


def fingerprint(weights: Mapping[str, object]) -> str:
    """sha256 over a state dict's keys and tensors, whatever file they lie in."""
    digest = hashlib.sha256()
    for key, value in sorted(weights.items()):
        if isinstance(value, torch.Tensor):
            digest.update(f"{key} {value.dtype} {tuple(value.shape)}\0".encode())
            digest.update(value.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _shape(value: object) -> str:
    return str(tuple(value.shape)) if isinstance(value, torch.Tensor) else f"of type {type(value).__name__}"


def _few(names: list[str], limit: int = 5) -> str:
    shown = ", ".join(sorted(names)[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
