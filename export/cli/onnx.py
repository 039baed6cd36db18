"""`onnx`, `quantize` and `verify`: from a checkpoint to files that a browser runs."""

from pathlib import Path
from typing import Any

import click

from export.cli.options import checkpoint_options
from export.cli.paths import OUT_FOLDER
from export.cli.steps import command
from export.onnx.quantize import ARITHMETIC, VARIANTS, quantize
from export.onnx.to_onnx import to_onnx
from export.onnx.verify import SAMPLES, verify


@command("onnx")
@click.argument("model")
@checkpoint_options()
@click.option("--out", type=OUT_FOLDER, required=True, help="Folder for encoder.onnx and decoder.onnx.")
@click.option("--stock", is_flag=True, help="A decoder with segment-anything's own inputs and outputs.")
@click.option(
    "--split", is_flag=True, help="The encoder computes all that depends on the photo alone; taps get cheaper."
)
@click.option("--unpadded", is_flag=True, help="The encoder skips the empty part of the square.")
def onnx_command(**options: Any) -> None:
    """Export MODEL's checkpoint to ONNX.

    MODEL is mobile_sam, sam_vit_b, sam_vit_l, sam_vit_h, or a student's name.
    """
    to_onnx(**options)


@command("quantize")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--variant", "variants", multiple=True, type=click.Choice(VARIANTS), default=VARIANTS, show_default=True)
@click.option("--arithmetic", type=click.Choice(tuple(ARITHMETIC)), default="float32", show_default=True,
              help="float16: fp16 also computes in half precision, but for what must not. int8: beside int8's pair goes one for "
                   "WASM that computes its products in 8 bits.")  # fmt: skip
@click.option("--photos", type=click.Path(path_type=Path), default=Path("web/public/samples"), show_default=True,
              help="On which --arithmetic float16 looks for values beyond its range.")  # fmt: skip
def quantize_command(**options: Any) -> None:
    """Write FOLDER/fp16 and FOLDER/int8 from the pair in FOLDER/fp32 (made by `onnx --out FOLDER/fp32`)."""
    quantize(**options)


@command("verify")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--model", help="What the checkpoint must be, as in `onnx` (default: told by its keys).")
@checkpoint_options()
@click.option("--unpadded", is_flag=True, help="The encoder was exported with --unpadded.")
@click.option("--photos", type=click.Path(path_type=Path), default=SAMPLES, show_default=True)
def verify_command(**options: Any) -> None:
    """Compare FOLDER/fp32, fp16 and int8 with the checkpoint they came from."""
    verify(**options)
