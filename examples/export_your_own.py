"""A student's checkpoint becomes files that the page runs: ONNX, smaller variants, and the proof that they answer alike.

    python examples/export_your_own.py runs/mine/checkpoint.pt --out runs/mine/onnx

The same as the commands `onnx`, `quantize` and `verify`, called from Python. `python -m export publish runs/mine/onnx` then puts
the pair into the page; docs/export.md tells what each form costs and gains.
"""

import argparse
from pathlib import Path

from export.errors import ExportError
from export.models.checkpoint import load_model
from export.onnx.quantize import VARIANTS, quantize
from export.onnx.to_onnx import export_pair
from export.onnx.verify import SAMPLES, verify

PUBLISHED = Path(__file__).resolve().parents[1] / "export" / "weights" / "tapmask-tiny.pt"


def export_student(checkpoint: Path, out: Path, photos: Path = SAMPLES) -> None:
    """Write `out`/fp32, fp16 and int8, each with encoder.onnx and decoder.onnx, and `out`/verify.json.

    Raises ExportError where the checkpoint is no model, or a variant's masks differ too much from PyTorch's on `photos`.
    """
    model = load_model(checkpoint)
    export_pair(
        model, out / "fp32", split=True
    )  # split: what depends on the photo alone is computed once, so that taps are fast
    quantize(out, VARIANTS, arithmetic="float32", photos=photos)
    verify(out, model=None, checkpoint=checkpoint, attention_biases=None, unpadded=False, photos=photos)


def main(arguments: list[str] | None = None) -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(description="Export a student's checkpoint to ONNX, and verify it.")
    parser.add_argument("checkpoint", type=Path, nargs="?", default=PUBLISHED)
    parser.add_argument("--out", type=Path, default=Path("runs/my-export"))
    parser.add_argument(
        "--photos", type=Path, default=SAMPLES, help="a folder of photos, on which the variants are compared"
    )
    options = parser.parse_args(arguments)
    try:
        export_student(options.checkpoint, options.out, options.photos)
    except ExportError as error:
        raise SystemExit(error.message) from error


if __name__ == "__main__":
    main()
