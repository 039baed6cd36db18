"""The loss over SAM's four tokens: mask (BCE + dice) for token 0 and the best of tokens 1–3, IoU regression for all."""

import torch
import torch.nn.functional as F

OTHERS = 0.1  # weight of tokens 1–3 that were not the best: keeps each a usable mask, so that picking is never fatal


def mask_losses(logits: torch.Tensor, target: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """BCE + dice per token: logits (B, T, G, G), soft target (B, G, G), valid (B, G, G) → (B, T)."""
    weight = valid[:, None].float()
    wanted = target[:, None].expand_as(logits)
    bce = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    bce = (bce * weight).sum((2, 3)) / weight.sum((2, 3))
    probability = logits.sigmoid() * weight
    overlap = (probability * wanted).sum((2, 3))
    dice = 1 - (2 * overlap + 1) / (probability.sum((2, 3)) + (wanted * weight).sum((2, 3)) + 1)
    return bce + dice


@torch.no_grad()
def true_ious(logits: torch.Tensor, target: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """IoU of every thresholded token with the target, on the low-res grid: (B, T)."""
    got = (logits > 0) & valid[:, None]
    wanted = ((target > 0.5) & valid)[:, None]
    union = (got | wanted).sum((2, 3))
    return (got & wanted).sum((2, 3)) / union.clamp(min=1)


def promptable_loss(
    logits: torch.Tensor, predicted: torch.Tensor, target: torch.Tensor, valid: torch.Tensor
) -> tuple[torch.Tensor, dict[str, float]]:
    """Loss of one round of prompts, and what to log: mean IoU of the best token and of the token picked by prediction."""
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
