"""Options that several training commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from export.training import distributed
from export.training.schedule import SHAPES
from export.training.trainer import HALF

half_option = click.option(
    "--half",
    is_flag=False,
    flag_value="bf16",
    type=click.Choice(list(HALF)),
    help="Half precision where it is safe: bf16 (also without a word after it), or fp16 with loss scaling.",
)
batchnorm_option = click.option(
    "--freeze-batchnorm", is_flag=True, help="Normalise with the running statistics instead of each batch's own."
)
device_option = click.option("--device", default=str(distributed.device()), show_default="cuda, else cpu")
Command = Callable[..., Any]


def run_options(holdout: int, memory: int, warmup: float) -> Callable[[Command], Command]:
    """The options of a run against a teacher: its schedule, what it keeps, how often it saves and measures."""
    options: list[Callable[[Command], Command]] = [
        click.option("--schedule", type=click.Choice(SHAPES), default="cosine", show_default=True),
        click.option("--warmup", default=warmup, show_default=True, help="Share of the run until the peak rate."),
        click.option("--decay", default=0.998, show_default=True, help="Of the weights' running average, a step."),
        click.option("--holdout", default=holdout, show_default=True, help="Photos set aside to measure progress."),
        click.option("--workers", default=1, show_default=True, help="Processes that decode photos."),
        click.option("--memory", default=memory, show_default=True, help="Decoded photos each worker keeps in memory."),
        click.option("--save-minutes", default=2.0, show_default=True, help="Time between checkpoints."),
        click.option("--measure-every", default=4_000, show_default=True, help="Photos between held-out measurements."),
        half_option,
        batchnorm_option,
        click.option("--seed", default=0, show_default=True),
        device_option,
    ]

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def teacher_options(required: bool) -> Callable[[Command], Command]:
    """--teacher, --teacher-name and --input-size."""

    def add(command: Command) -> Command:
        size = click.option("--input-size", type=int, help="Model frame, in pixels (default: the teacher's own).")
        name = click.option("--teacher-name", help="Which official model --teacher is, where its keys do not tell.")
        path = click.option(
            "--teacher",
            type=click.Path(path_type=Path),
            required=required,
            help="Checkpoint: official, or one of ours.",
        )
        return path(name(size(command)))

    return add
