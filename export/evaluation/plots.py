"""`plots`: the figures of one or more `evaluate --json` files, drawn over each other."""

import json
from pathlib import Path

import click

from export.evaluation.plot import plot_evaluations


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the pictures.")
def plots(files: tuple[Path, ...], out: Path) -> None:
    """Draw FILES, written by `evaluate --json`: click curve, NoC histogram, IoU by size, alignment."""
    runs = {}
    for path in files:
        try:
            content = json.loads(path.read_text())
            complete = all("click_miou" in figures for figures in content.values())
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise click.ClickException(f"Cannot read {path}: {error}") from error
        if not content or not complete:
            raise click.ClickException(f"{path} holds no figures of `evaluate --json`.")
        runs[path.stem if path.stem not in runs else str(path)] = content
    for drawn in plot_evaluations(runs, out):
        click.echo(f"Wrote {drawn}.")
