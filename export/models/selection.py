"""Which of the four mask tokens are the three candidates, and which is preselected (as in web/src/engine/core/candidates.ts)."""

import numpy as np

RULE = "lone point: best predicted IoU of tokens 1-3; with a box or several points: token 0"


def candidates(iou_predictions: np.ndarray, lone_point: bool) -> tuple[list[int], int]:
    """Return (three token numbers, index of the preselected one) for predicted IoU (4,).

    A lone point is ambiguous (part, whole, several), which is what tokens 1-3 are trained for; any richer prompt is
    answered by token 0, as in SAM.
    """
    if lone_point:
        tokens = [1, 2, 3]
        return tokens, int(np.argmax(iou_predictions[1:4]))
    ranked = sorted((1, 2, 3), key=lambda token: -float(iou_predictions[token]))
    return [0, *ranked[:2]], 0
