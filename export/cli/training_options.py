"""Options that several training commands share, and how options become a recipe."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from export.cli.options import Renamed
from export.training import distributed
from export.training.recipe import Execution, Recipe
from export.training.schedule import SHAPES
from export.training.trainer import HALF

Command = Callable[..., Any]
R = TypeVar("R", bound=Recipe)

half_option = click.option(
    "--half",
    is_flag=False,
    flag_value="bf16",
    type=click.Choice(list(HALF)),
    help="Half precision where it is safe: bf16 (also without a word after it), or fp16 with loss scaling.",
)
device_option = click.option("--device", default=str(distributed.device()), show_default="cuda, else cpu")
cache_option = click.option(
    "--cache", type=click.Path(path_type=Path), help="Folder that `cache` wrote; without it the teacher runs."
)

unpadded_option = click.option(
    "--unpadded", is_flag=True, help="Train for the unpadded export: photos without the empty part of the square."
)


def memory_option(photos: int, old: str | None = None) -> Callable[[Command], Command]:
    """Add --memory with its default; `old` is what it was called."""
    return click.option(
        "--memory",
        cls=Renamed,
        old=old,
        default=photos,
        show_default=True,
        help="Decoded photos each worker keeps in memory.",
    )


def warmup_option(recipe: type[Recipe]) -> Callable[[Command], Command]:
    """Add --warmup-photos or --warmup-share, whichever the recipe counts in."""
    help_of = {
        "warmup_photos": "Photos until the peak rate.",
        "warmup_share": "Share of the run until the peak rate.",
    }
    name = next(name for name in help_of if hasattr(recipe, name))
    kind = int if name == "warmup_photos" else click.FloatRange(0, 1)
    return click.option(
        f"--{name.replace('_', '-')}",
        cls=Renamed,
        old="--warmup",
        type=kind,
        default=getattr(recipe, name),
        show_default=True,
        help=help_of[name],
    )


def run_options(
    recipe: type[Recipe], memory: Callable[[Command], Command], measure_every: int
) -> Callable[[Command], Command]:
    """Add the options of every run: its schedule, what it keeps in memory, how often it saves and measures."""
    options: list[Callable[[Command], Command]] = [
        click.option("--rate", default=recipe.rate, show_default=True, help="Peak learning rate (AdamW)."),
        click.option("--schedule", type=click.Choice(SHAPES), default=recipe.schedule, show_default=True),
        warmup_option(recipe),
        click.option(
            "--average-decay",
            cls=Renamed,
            old="--decay",
            default=recipe.average_decay,
            show_default=True,
            help="Of the weights' running average, a step.",
        ),
        click.option(
            "--holdout", default=recipe.holdout, show_default=True, help="Photos set aside to measure progress."
        ),
        click.option("--workers", default=1, show_default=True, help="Processes that decode photos."),
        memory,
        click.option("--save-minutes", default=2.0, show_default=True, help="Time between checkpoints."),
        click.option(
            "--measure-every", default=measure_every, show_default=True, help="Photos between held-out measurements."
        ),
        half_option,
        click.option(
            "--freeze-batchnorm",
            is_flag=True,
            help="Normalise with the running statistics instead of each batch's own.",
        ),
        click.option("--seed", default=recipe.seed, show_default=True),
        device_option,
        click.option(
            "--accept-changes",
            is_flag=True,
            help="Go on with a checkpoint in --out although it was made with other options; says which.",
        ),
    ]

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def parted(recipe: type[R], options: dict[str, Any]) -> tuple[R, Execution]:
    """The values of a command's options as its recipe, and how to carry it out."""
    names = {field.name for field in fields(recipe)}
    return (
        recipe(**{name: value for name, value in options.items() if name in names}),
        Execution(**{name: value for name, value in options.items() if name not in names}),
    )


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
