"""Average recall of the automatic masks, counted as COCO does for proposals (no classes)."""

import numpy as np
import torch

TOPS = (10, 100, 1000)
THRESHOLDS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
RULE = (
    "share of ground-truth masks that one of the photo's 10, 100 or 1000 best automatic masks (by predicted IoU) meets, each "
    "mask used once, mean over the IoU thresholds 0.50, 0.55 … 0.95"
)


def iou_matrix(a: np.ndarray, b: np.ndarray, chunk: int = 64) -> np.ndarray:
    """IoU of every mask of (A, H, W) bool with every mask of (B, H, W): (A, B)."""
    right = torch.from_numpy(b.reshape(len(b), -1)).float()
    sizes, rows = right.sum(1), []
    for start in range(0, len(a), chunk):
        left = torch.from_numpy(a[start : start + chunk].reshape(-1, right.shape[1])).float()
        shared = left @ right.T
        rows.append(shared / (left.sum(1)[:, None] + sizes - shared).clamp(min=1))
    return torch.cat(rows).numpy() if rows else np.zeros((0, len(b)))


def matched(ious: np.ndarray) -> np.ndarray:
    """How many ground-truth masks are met: (len(TOPS), len(THRESHOLDS)) counts for IoU (proposals best first, truths).

    As COCO does: each proposal, best first, takes the free truth it fits best, if it fits it well enough.
    """
    counts = np.zeros((len(TOPS), len(THRESHOLDS)), int)
    for column, threshold in enumerate(THRESHOLDS):
        free = np.ones(ious.shape[1], bool)
        taken_by = []
        for rank, row in enumerate(ious[: max(TOPS)]):
            fits = np.where(free, row, -1.0)
            if fits.size and fits.max() >= threshold:
                free[fits.argmax()] = False
                taken_by.append(rank)
        counts[:, column] = [sum(rank < top for rank in taken_by) for top in TOPS]
    return counts


def summary(photos: list[tuple[np.ndarray, int, int]]) -> dict[str, object]:
    """AR@10/100/1000 over photos, each (counts of `matched`, how many truths, how many automatic masks)."""
    truths = sum(count for _, count, _ in photos)
    recalls = np.sum([counts for counts, _, _ in photos], axis=0) / max(1, truths)
    figures: dict[str, object] = {
        f"everything_ar{top}": round(float(row.mean()), 4) for top, row in zip(TOPS, recalls, strict=True)
    }
    figures["everything_masks"] = round(float(np.mean([found for _, _, found in photos])), 1)
    return figures
