"""Checkpoints: weights and the config of their model, written to a temporary file and renamed, so that a kill keeps the old one."""

import io
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from export.errors import ExportError, UsageError
from export.files import sha256, write_whole
from export.filetype import binary, told
from export.messages import note
from export.models.finite import check_finite
from export.models.official import fingerprint
from export.models.promptable import Config, Promptable, PromptableModel
from export.models.registry import OFFICIAL, build

STUDENT = "student"  # any student, whatever its backbone
ALIASES = {"tapmask_tiny": "mobilenetv4_conv_small"}  # our published students, by the name of their backbone
HINT = ["--attention-biases", "--no-attention-biases"]


def save(path: Path, content: dict[str, Any]) -> None:
    """Write `content` to `path` atomically."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_whole(path, buffer.getvalue())


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU; weights and plain values only, no pickled code."""
    if not path.exists():
        raise ExportError(
            f"No checkpoint at {path}. Train one (python -m export train --help) or fetch an official one "
            "(python -m export models)."
        )
    try:
        with _memory_for(path):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except ExportError:
        raise
    except Exception as error:
        raise ExportError(_unreadable(path, error)) from error
    if not isinstance(content, dict):
        raise ExportError(f"{path} holds no checkpoint but a {type(content).__name__}.")
    return content


def load_model(path: Path, name: str | None = None, attention_biases: bool | None = None) -> PromptableModel:
    """Rebuild the model of a checkpoint, ready for inference.

    name: an official model's (`registry.OFFICIAL`) or a student's: its backbone, an alias of it, or "student"; any other
    file is refused. None: what the file is, it says by its keys.
    attention_biases: MobileSAM only, see `MobileSam.load_official`. None: as the released weights were trained, if it is
    those; otherwise as the official builder leaves them. Which it was goes to stderr.
    """
    content = load(path)
    found = recognise(content)
    if found is None:
        raise ExportError(_not_a_model(path, content, name))
    if name is not None:
        _insist(name, found, content, path)
    if attention_biases is not None and found != "mobile_sam":
        raise UsageError(f"--attention-biases is for MobileSAM; {path} is {_spoken(found, content)}.")
    check_finite(content["average"] if found == STUDENT and isinstance(content.get("average"), dict) else content, path)
    with _memory_for(path):
        if found == STUDENT:
            return _student(content, path)
        return _official(found, content, path, attention_biases)


def is_released(name: str, path: Path, weights: dict[str, Any]) -> bool:
    """Whether a file with these weights is a model's released checkpoint, or that rebuilt from the package it is in too."""
    official = OFFICIAL[name]
    if sha256(path) == official.sha256:
        return True
    return official.package is not None and fingerprint(weights) == official.package.weights


def recognise(content: dict[str, Any]) -> str | None:
    """What a checkpoint holds: "student", an official model's name, or None."""
    if "config" in content:
        return STUDENT
    if any(key.startswith("image_encoder.patch_embed.seq.") for key in content):
        return "mobile_sam"
    patches = content.get("image_encoder.patch_embed.proj.weight")
    widths = {768: "sam_vit_b", 1024: "sam_vit_l", 1280: "sam_vit_h"}
    return widths.get(len(patches)) if isinstance(patches, torch.Tensor) and patches.ndim else None


def _student(content: dict[str, Any], path: Path) -> PromptableModel:
    try:
        model = Promptable(Config.from_dict(content["config"]))
        model.load_state_dict(content["average"])
    except (KeyError, TypeError, RuntimeError) as error:
        if _allocation_failed(error):
            raise
        raise ExportError(f"{path} is not a checkpoint of `python -m export train`: {error}") from error
    return model.eval()


def _official(name: str, weights: dict[str, torch.Tensor], path: Path, biases: bool | None) -> PromptableModel:
    try:
        if name != "mobile_sam":
            with torch.device("meta"):
                model: Any = build(name)
            model.load_official(weights)
        else:
            model = build(name)
            model.load_official(weights, _choose_biases(path, weights) if biases is None else biases)
    except ValueError as error:
        raise ExportError(f"{path}: {error} {_remedy(name)}") from error
    return model.eval()


def _choose_biases(path: Path, weights: dict[str, torch.Tensor]) -> bool:
    """Whether TinyViT's attention biases count in this file, where nobody has said so; tells which, why, and how to say so."""
    released = is_released("mobile_sam", path, weights)
    reason = (
        "they count: these are the released weights, which were trained with them"
        if released
        else "they are left at zero, as the official builder leaves them: these are not the released weights"
    )
    other = HINT[released]
    note(f"MobileSAM's attention biases in {path.name}: {reason}. The other way: {other}.")
    return released


def _insist(name: str, found: str, content: dict[str, Any], path: Path) -> None:
    """Raise an error if the file is not the model named by the user."""
    expected = _plain(name)
    if found == STUDENT:
        backbone = _plain(str(content["config"].get("backbone")))
        if expected in (STUDENT, backbone) or ALIASES.get(expected) == backbone:
            return
    elif expected == found:
        return
    remedy = _remedy(expected) if expected in OFFICIAL else f"Name it {_name_of(found, content)}, or give another file."
    raise ExportError(f"{path} is {_spoken(found, content)}, not {name}. {remedy}")


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _name_of(found: str, content: dict[str, Any]) -> str:
    return str(content["config"].get("backbone")) if found == STUDENT else found


def _spoken(found: str, content: dict[str, Any]) -> str:
    return f"a student with backbone {_name_of(found, content)}" if found == STUDENT else OFFICIAL[found].title


def _remedy(name: str) -> str:
    official = OFFICIAL[name]
    return f"{official.title}'s own {official.file} ({official.bytes:,} bytes): python -m export fetch {name}"


def _not_a_model(path: Path, content: dict[str, Any], name: str | None) -> str:
    keys = [str(key) for key in content]
    shown = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
    expected = _plain(name or "")
    remedy = _remedy(expected) if expected in OFFICIAL else "What is known by name: python -m export models"
    return (
        f"{path} is neither a checkpoint of `python -m export train` (no `config`) nor one with an official model's keys; "
        f"it has {shown or 'no key at all'}. {remedy}"
    )


def _unreadable(path: Path, error: Exception) -> str:
    """A sentence of our own: PyTorch's advises to switch off what keeps a file from running code."""
    if path.is_dir():
        return f"{path} is a folder; name the checkpoint in it, e.g. {path / 'checkpoint.pt'}."
    official = next((name for name, entry in OFFICIAL.items() if entry.file == path.name), None)
    size = path.stat().st_size
    if official and size < OFFICIAL[official].bytes:
        return (
            f"{path} is cut short: {size:,} of {OFFICIAL[official].bytes:,} bytes. Remove it, then: "
            f"python -m export fetch {official}"
        )
    remedy = f"python -m export fetch {official}" if official else "compare its length with the original's"
    reason = f"{path} ({size:,} bytes) is not a readable checkpoint: {_stranger(path, error)}"
    return f"{reason} Is the copy complete? Try: {remedy}"


def _stranger(path: Path, error: Exception) -> str:
    """What a file is that PyTorch does not read: one sentence."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    if words := told(path):
        return f"{words}."
    kind = binary(path)
    if kind in ("a PyTorch checkpoint", "a pickle of Python objects") and isinstance(error, pickle.UnpicklingError):
        return "it holds more than tensors and plain values, and Python code out of files is not run; save its state_dict alone."
    if kind not in (None, "a PyTorch checkpoint"):
        return f"it is {kind}; give the checkpoint with the weights that it was made from."
    return "its content is damaged, or not PyTorch's."


@contextmanager
def _memory_for(path: Path) -> Iterator[None]:
    """Turn a failed allocation into an error that states how much memory the model needs."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _allocation_failed(error):
            raise
        size = path.stat().st_size / 1e9
        raise ExportError(
            f"{path} does not fit into memory: its weights alone need {size:.1f} GB, and running or exporting it some GB more. "
            "Close other programs, use a larger machine, or a smaller model: mobile_sam or sam_vit_b."
        ) from error


def _allocation_failed(error: BaseException) -> bool:
    words = ("allocate memory", "not enough memory", "out of memory")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)
