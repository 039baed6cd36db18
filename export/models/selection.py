"""Which of the four mask tokens are the three candidates, and which is preselected (as in web/src/engine/core/candidates.ts)."""

import numpy as np
import torch

RULE = "lone point: best predicted IoU of tokens 1-3; with a box or several points: token 0"


def candidates(iou_predictions: np.ndarray, lone_point: bool) -> tuple[list[int], int]:
    """Return (the tokens offered, index of the preselected one) for predicted IoU (4,), or (1,) of a decoder with a single mask.

    A lone point is ambiguous (part, whole, several), which is what tokens 1-3 are trained for; any richer prompt is
    answered by token 0, as in SAM. Of equals the first token leads.
    """
    if len(iou_predictions) == 1:
        return [0], 0
    if lone_point:
        tokens = [1, 2, 3]
        return tokens, int(np.argmax(iou_predictions[1:4]))
    ranked = sorted((1, 2, 3), key=lambda token: -float(iou_predictions[token]))
    return [0, *ranked[:2]], 0


def preselected(iou_predictions: torch.Tensor, lone_point: torch.Tensor) -> torch.Tensor:
    """The preselected token of each of B prompts, for predicted IoU (B, 4) and whether the prompt is a lone point (B,)."""
    return torch.where(lone_point, iou_predictions[:, 1:].argmax(1) + 1, 0)
