"""`blend`: an encoder between the ones of two checkpoints, the second of which was trained on from the first.

Tuning on masks moves an encoder away from its teacher's embedding, and what is gained on whole objects is partly lost on small
ones. Weights between both keep most of either (arXiv 2109.01903, "WiSE-FT"); docs/experiments.md, section 8.
"""

from pathlib import Path

import torch

from export.errors import ExportError
from export.messages import say
from export.models import checkpoint
from export.models.checkpoint import load_model
from export.models.promptable import Promptable
from export.training.trainer import initialise

ENCODER = "image_encoder."
# Tensors of fewer numbers (biases, statistics of norms) stay in float32: halving them saves nothing, and rounding costs.
SMALL = 256


@torch.no_grad()
def blend(first: Path, second: Path, share: float, out: Path, half: bool = False) -> None:
    """Write the student whose encoder is first + share × (second − first), with all else from `second`.

    half: large weights in half precision, half the file. Raises ExportError where the two are not forms of one student.
    """
    tuned = load_model(second)
    if not isinstance(tuned, Promptable):
        raise ExportError(f"{second} is no student of ours (see `distill` and `finetune`): it cannot be blended.")
    begun = Promptable(tuned.config)
    initialise(begun, first)
    weights = tuned.state_dict()
    for name, value in begun.state_dict().items():
        if name.startswith(ENCODER) and value.is_floating_point():
            weights[name] = torch.lerp(value, weights[name], share)
    if half:
        weights = {name: value.half() if _is_large(value) else value for name, value in weights.items()}
    checkpoint.save(out, {"config": tuned.config.as_dict(), "average": weights})
    say(f"Wrote {out}: the encoder lies at {share:g} of the way from {first} to {second}.")


def _is_large(value: torch.Tensor) -> bool:
    return value.is_floating_point() and value.numel() >= SMALL
