"""`heldout` and `compose`: shards made from others."""

from typing import Any

import click

from export.cli.paths import OUT_FILE
from export.cli.steps import command
from export.data.compose import compose
from export.data.heldout import heldout


@command("compose")
@click.option("--data", multiple=True, required=True, help="Shard, folder or pattern to cut objects from.")
@click.option("--out", type=OUT_FILE, required=True, help="The shard to write, e.g. touching-000.tar.")
@click.option("--count", default=100, show_default=True, help="Photos, two objects each.")
@click.option("--seed", default=0, show_default=True)
def compose_command(**options: Any) -> None:
    """Write a shard of composed photos with two touching objects each."""
    compose(**options)


@command("heldout")
@click.option("--data", multiple=True, required=True, help="As given to `train`, in the same order.")
@click.option("--holdout", default=300, show_default=True, help="As given to `train`.")
@click.option("--seed", default=0, show_default=True, help="As given to `train`.")
@click.option("--only", default="*", show_default=True, help="Of photos whose shard/key fits, e.g. 'carparts-*'.")
@click.option("--out", type=OUT_FILE, required=True, help="The shard to write, e.g. parts-000.tar.")
def heldout_command(**options: Any) -> None:
    """Write the photos that `train` set aside into a shard."""
    heldout(**options)
