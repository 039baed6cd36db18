"""Losses: against true masks (over SAM's four tokens), against a teacher's masks, and against its embedding."""

import torch
import torch.nn.functional as F

OTHERS = 0.1  # weight of tokens 1–3 that were not the best: keeps each a usable mask, so that picking is never fatal


def mask_losses(logits: torch.Tensor, target: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """BCE + dice per token: logits (B, T, G, G), soft target (B, G, G), valid (B, G, G) → (B, T)."""
    expected = target[:, None].expand_as(logits)
    return bce(logits, expected, valid) + dice(logits, expected, valid)


def bce(logits: torch.Tensor, expected: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy, averaged over the valid cells: logits and expected (B, T, G, G), valid (B, G, G) → (B, T)."""
    weight = valid[:, None].float()
    cells = F.binary_cross_entropy_with_logits(logits, expected, reduction="none")
    return (cells * weight).sum((2, 3)) / weight.sum((2, 3))


def focal(logits: torch.Tensor, expected: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Focal loss (arXiv 1708.02002, γ 2, α 0.25), averaged over the valid cells; shapes as in `bce`."""
    weight = valid[:, None].float()
    cells = F.binary_cross_entropy_with_logits(logits, expected, reduction="none")
    probability = logits.sigmoid()
    missing = probability * (1 - expected) + (1 - probability) * expected
    balance = 0.25 * expected + 0.75 * (1 - expected)
    return (balance * missing.square() * cells * weight).sum((2, 3)) / weight.sum((2, 3))


def dice(logits: torch.Tensor, expected: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """1 − the overlap (dice) of the valid cells; shapes as in `bce`."""
    weight = valid[:, None].float()
    probability = logits.sigmoid() * weight
    overlap = (probability * expected).sum((2, 3))
    return 1 - (2 * overlap + 1) / (probability.sum((2, 3)) + (expected * weight).sum((2, 3)) + 1)


def embedding_loss(student: torch.Tensor, teacher: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Mean squared error over the cells inside the photo: maps (B, C, h, w), inside (B, h, w) → (), a mean over photos.

    Plain squares, without a root. Averaged for each photo first: so a batch weighs its photos alike, whatever their
    shapes, and however it is split over processes.
    """
    weight = inside[:, None].float()
    squares = ((student - teacher).square() * weight).sum((1, 2, 3))
    return (squares / (weight.sum((1, 2, 3)) * student.shape[1])).mean()


@torch.no_grad()
def true_ious(logits: torch.Tensor, target: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """IoU of every thresholded token with the target (B, G, G), or each with its own (B, T, G, G), on the low-res grid: (B, T)."""
    actual = (logits > 0) & valid[:, None]
    expected = ((target[:, None] if target.ndim == 3 else target) > 0.5) & valid[:, None]
    union = (actual | expected).sum((2, 3))
    return (actual & expected).sum((2, 3)) / union.clamp(min=1)


def promptable_loss(
    logits: torch.Tensor, predicted: torch.Tensor, target: torch.Tensor, valid: torch.Tensor
) -> tuple[torch.Tensor, dict[str, float]]:
    """Loss of one round of prompts, and what to log: mean IoU of the best token and of the token picked by prediction.

    Mask loss (BCE + dice) for token 0 and for the best of tokens 1–3, IoU regression for all.
    """
    per_token = mask_losses(logits, target, valid)
    several = per_token[:, 1:]
    best = several.min(1).values
    ious = true_ious(logits, target, valid)
    iou_loss = F.mse_loss(predicted, ious)
    loss = per_token[:, 0].mean() + (1 - OTHERS) * best.mean() + OTHERS * several.mean() + iou_loss
    picked = ious.gather(1, predicted[:, 1:].argmax(1, keepdim=True) + 1)
    return loss, {
        "loss": float(loss.detach()),
        "iou_loss": float(iou_loss.detach()),
        "best_iou": float(ious[:, 1:].amax(1).mean()),
        "picked_iou": float(picked.mean()),
        "token0_iou": float(ious[:, 0].mean()),
    }
