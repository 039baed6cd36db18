"""The group of commands, and how commands print the library's errors."""

import importlib
from collections.abc import Callable
from typing import Any

import click

from export import errors

# In the order of the pipeline: section, then name: (module of its function NAME_command, what it does).
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "The way from photos to the page, in order": {
        "fetch": ("export.cli.models", "Get an official checkpoint by name, and check its sum."),
        "cache": ("export.cli.training", "Compute the embeddings of a teacher for photos, once."),
        "train": ("export.cli.training", "Train a promptable model on photos with masks."),
        "distill": (
            "export.cli.training",
            "Distil a teacher into a light student: decoupled, semi-coupled or coupled.",
        ),
        "finetune": ("export.cli.training", "Fine-tune a student with the prompts in the loop."),
        "evaluate": (
            "export.cli.evaluation",
            "Measure one-click and box mIoU, the click curve, NoC, alignment with a teacher.",
        ),
        "onnx": ("export.cli.onnx", "Export a checkpoint to ONNX (fp32)."),
        "quantize": ("export.cli.onnx", "Make the smaller variants: fp16 and int8 weights."),
        "verify": ("export.cli.onnx", "Compare every variant with PyTorch, on photos."),
        "publish": ("export.cli.publish", "Put verified variants into the page's manifest."),
    },
    "Look at a model": {
        "plots": ("export.cli.evaluation", "Draw the figures of one or more evaluations."),
        "sheet": ("export.cli.evaluation", "Draw a contact sheet of taps and their answers."),
        "everything": ("export.cli.evaluation", "Find all masks of photos, without a prompt."),
        "bench": ("bench", "Measure the app against the plain recipe, in a browser."),
        "edges": ("bench.edges", "Measure the edges of cut-outs whose opacity is known."),
        "growth": ("bench.growth", "Say what larger photos, more objects and more photos cost in the page."),
        "profile": ("bench.profile", "Say which operators the time goes to, in WASM."),
    },
    "Now and then": {
        "models": ("export.cli.models", "List the official models that are known by name."),
        "blend": ("export.cli.training", "Write an encoder between two: distilled, and tuned from it."),
        "calibrate": ("export.cli.training", "Fit how a student rates its own masks, and change nothing else."),
        "heldout": ("export.cli.data", "Write the photos that `train` set aside into a shard."),
        "compose": ("export.cli.data", "Write a shard of photos with two objects that touch."),
        "label": ("export.cli.evaluation", "Write a shard of the small things that a model finds by itself."),
        "scale": ("export.cli.training", "Say what a share of SA-1B costs, from measured rates."),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
OLD_NAMES = {"judge": "calibrate"}


class Command(click.Command):
    """A command that prints the library's errors as click prints its own."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.UsageError as error:
            raise click.UsageError(error.message, ctx) from error
        except errors.ExportError as error:
            raise click.ClickException(error.message) from error


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function the command `name`."""
    return click.command(name, cls=Command)


class Steps(click.Group):
    """Loads a command's module when it is asked for, so that `--help` does not wait for torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = OLD_NAMES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        found: click.Command = getattr(importlib.import_module(COMMANDS[name][0]), f"{name}_command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in commands.items()])


@click.command(cls=Steps)
def main() -> None:
    """Distil, train, evaluate and export promptable segmentation models for the browser."""
