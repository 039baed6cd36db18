"""`models`: what is known by name, and what of it is here already."""

from pathlib import Path

import click

from export.models.fetch import FOLDER, state
from export.models.registry import OFFICIAL


@click.command("models")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True,
              help="Where `fetch` puts them.")  # fmt: skip
def catalogue(folder: Path) -> None:
    """List the official models: name, size, licence, source, and whether they are fetched."""
    rows = [("name", "model", "MB", "licence", "here", "source")]
    for name, official in OFFICIAL.items():
        size = f"{official.bytes / 1e6:,.1f}"
        rows.append((name, official.title, size, official.licence, state(name, folder), official.source))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    click.echo("\nFetch one: python -m export fetch NAME. Students have no name here: give their checkpoint.")
