"""`publish`: verified files become models of the page."""

from pathlib import Path
from typing import Any

import click

from export.cli.paths import OUT_FOLDER
from export.cli.steps import command
from export.onnx.verify import GATES
from export.publish.publish import CARD, MODELS, publish


@command("publish")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--id", "model_id", default="tapmask-tiny", show_default=True)
@click.option("--title", default="Tapmask Tiny", show_default=True)
@click.option("--licence", default="Apache-2.0", show_default=True)
@click.option("--source", default="docs/model-card.md", show_default=True, help="Where its story is told.")
@click.option("--variant", "variants", multiple=True, type=click.Choice(list(GATES)),
              default=("fp16", "int8"), show_default=True,
              help="The first is the default one.")  # fmt: skip
@click.option("--default/--no-default", "default", default=True, show_default=True, help="Offer this model first.")
@click.option("--instant", metavar="ID",
              help="The small model that answers until the default one is there; '' for none. As it was otherwise.")  # fmt: skip
@click.option("--to", "target", type=OUT_FOLDER, default=MODELS, show_default=True)
@click.option("--card", type=click.Path(path_type=Path), default=CARD, show_default=True)
def publish_command(**options: Any) -> None:
    """Publish the verified pair(s) of FOLDER into the page's manifest.

    Figures are taken from FOLDER/<variant>.evaluate.json where `evaluate --json` wrote them.
    """
    publish(**options)
