"""The click rule of the evaluation: the next tap lies at the deepest point of the larger error region.

The point of the region that is farthest from its edge, the photo's border counting as an edge; the next click goes to
the larger error region (missed or surplus). This is the rule of RITM's `isegm/inference` (Sofiiuk et al., 2021).
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

from export.data.boxes import tight_box

RULE = (
    "first click at the point farthest from the mask's edge (border counts as edge); every further click likewise in "
    "the missed or the surplus region, whichever reaches deeper; earlier low-res logits are given as mask prompt"
)


def depth(region: np.ndarray) -> np.ndarray:
    """Distance of every pixel of a boolean region (H, W) to the region's edge; 0 outside."""
    return distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]


def deepest(region: np.ndarray) -> tuple[int, int, float]:
    """Return x, y of the point of `region` (H, W) farthest from its edge, and its distance (0 if empty).

    Only the region's box is looked at: everything around it is edge, so the distances are the same.
    """
    if not region.any():
        return 0, 0, 0.0
    left, top, right, bottom = tight_box(region)
    distance = depth(region[top : bottom + 1, left : right + 1])
    y, x = np.unravel_index(int(distance.argmax()), distance.shape)
    return left + int(x), top + int(y), float(distance[y, x])


def next_click(target: np.ndarray, predicted: np.ndarray, ignore: np.ndarray | None = None) -> tuple[int, int, int]:
    """Return x, y, label (1 adds, 0 removes) of the click that corrects `predicted` towards `target`, both (H, W) bool."""
    missed, surplus = target & ~predicted, predicted & ~target
    if ignore is not None:
        missed, surplus = missed & ~ignore, surplus & ~ignore
    add, remove = deepest(missed), deepest(surplus)
    return (add[0], add[1], 1) if add[2] >= remove[2] else (remove[0], remove[1], 0)


def iou(a: np.ndarray, b: np.ndarray, ignore: np.ndarray | None = None) -> float:
    """Intersection over union of two boolean masks, pixels of `ignore` left out; 1 when both are empty."""
    if ignore is not None:
        a, b = a & ~ignore, b & ~ignore
    union = int(np.count_nonzero(a | b))
    return 1.0 if union == 0 else int(np.count_nonzero(a & b)) / union
