"""Command-line options that several steps share: which model is asked, and however it runs."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from export.models.checkpoint import load_model
from export.models.predictor import OnnxPredictor, Predictor, TorchPredictor
from export.publish.manifest import open_variant
from export.training.distributed import device

PATH = click.Path(path_type=Path)
Command = Callable[..., Any]


class Renamed(click.Option):
    """An option whose `old` name still works, but is not shown."""

    def __init__(self, param_decls: Sequence[str], old: str | None, **attributes: Any) -> None:
        super().__init__([*param_decls, *([old] if old else [])], **attributes)
        self.old = old

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        shown = copy.copy(self)
        shown.opts = [name for name in self.opts if name != self.old]
        return click.Option.get_help_record(shown, ctx)


def biases_option(command: Command) -> Command:
    """Add --attention-biases, as `load_model` takes it."""
    return click.option(
        "--attention-biases/--no-attention-biases",
        default=None,
        help="MobileSAM only: whether TinyViT's trained position biases count. Default: yes for the released weights; "
        "otherwise no, as right after the official builder.",
    )(command)


def checkpoint_options(required: bool = True) -> Callable[[Command], Command]:
    """The options of a command that loads a checkpoint: `checkpoint` and `attention_biases`."""
    checkpoint = click.option(
        "--checkpoint",
        type=click.Path(path_type=Path),
        required=required,
        help="The PyTorch model: one of `train`, or an official file (see `models` and `fetch`).",
    )
    return lambda command: checkpoint(biases_option(command))


def model_options(command: Command) -> Command:
    """Add --manifest, --model, --variant, --checkpoint, … ; `open_model` takes their values."""
    options: list[Callable[[Command], Command]] = [
        click.option("--manifest", type=PATH, help="A manifest.json; its ONNX files are run."),
        click.option("--model", help="Which model of the manifest (default: its default), or what a checkpoint is."),
        click.option("--variant", help="fp32, fp16 or int8 (default: the model's default)."),
        click.option("--checkpoint", type=PATH, help="Run a checkpoint in PyTorch instead."),
        click.option("--encoder", type=PATH, help="Run an exported pair: its encoder, with --decoder."),
        click.option("--decoder", type=PATH, help="Run an exported pair: its decoder, with --encoder."),
        biases_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def open_model(
    manifest: Path | None,
    model: str | None,
    variant: str | None,
    checkpoint: Path | None,
    encoder: Path | None,
    decoder: Path | None,
    attention_biases: bool | None = None,
) -> Predictor:
    """Open the one model that the options name, on this process's GPU where it runs in PyTorch and there is one."""
    if (encoder is None) != (decoder is None):
        raise click.UsageError("--encoder and --decoder go together.")
    if sum(given is not None for given in (manifest, checkpoint, encoder)) != 1:
        raise click.UsageError(
            "Give one of --manifest (ONNX), --checkpoint (PyTorch), or --encoder with --decoder (ONNX)."
        )
    if manifest:
        return open_variant(manifest, model, variant)
    if variant or (model and not checkpoint):
        raise click.UsageError("--variant goes with --manifest, --model with --manifest or --checkpoint.")
    if checkpoint:
        return open_checkpoint(checkpoint, model, attention_biases)
    assert encoder is not None  # by the two checks above
    assert decoder is not None
    return OnnxPredictor(encoder, decoder)


def open_checkpoint(path: Path, name: str | None = None, attention_biases: bool | None = None) -> TorchPredictor:
    """A checkpoint of ours or an official one (`name` says which one; None: told by its keys)."""
    return TorchPredictor(load_model(path, name, attention_biases), device())


def open_named(text: str, manifest: Path | None) -> Predictor:
    """A model named in one word: a checkpoint file, `manifest.json`, `manifest.json#id`, `…#id/variant`, or an id of `manifest`."""
    file, _, entry = text.partition("#")
    path = Path(file)
    if not entry and path.suffix != ".json" and not path.exists() and manifest is not None:
        path, entry = manifest, text
    if path.suffix == ".json":
        model, _, variant = entry.partition("/")
        return open_variant(path, model or None, variant or None)
    return open_checkpoint(path)
