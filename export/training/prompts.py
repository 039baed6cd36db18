"""Prompts simulated during training, vectorised on the model's device: points, boxes, corrective clicks."""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from export.models.geometry import LOW_RES_STRIDE


@dataclass(frozen=True)
class Prompts:
    """A batch of prompts, one a target: coords (B, N, 2) in the model frame, labels (B, N), mask prompt and its switch."""

    coords: torch.Tensor
    labels: torch.Tensor
    mask_input: torch.Tensor
    has_mask: torch.Tensor

    @property
    def lone_point(self) -> torch.Tensor:
        """(B,) bool: one point and nothing else, the ambiguous case."""
        return (self.labels >= 0).sum(1) == 1


def depth(region: torch.Tensor) -> torch.Tensor:
    """Chessboard distance of every cell of boolean regions (B, G, G) to the region's edge (border counts); 0 outside."""
    inside = region.float()[:, None]
    total = inside.clone()
    while inside.any():
        inside = -F.max_pool2d(F.pad(-inside, (1, 1, 1, 1)), 3, stride=1)
        total = total + inside
    return total[:, 0]


def sample_click(region: torch.Tensor) -> torch.Tensor:
    """One point (B, 2) in model pixels for each boolean region (B, G, G).

    Half of them at the deepest point (what evaluation and careful people do), half anywhere inside. Empty regions
    give a point all the same; the caller decides what it means.
    """
    batch, grid, _ = region.shape
    distance = depth(region)
    anywhere = (distance > 0).float()
    best = distance.amax((1, 2), keepdim=True)
    central = (distance >= best).float()
    weights = torch.where(torch.rand(batch, 1, 1, device=region.device) < 0.5, central, anywhere)
    index = torch.multinomial(weights.flatten(1) + 1e-8, 1)[:, 0]
    cell = torch.stack([index % grid, index // grid], dim=1).float()
    return (cell + torch.rand_like(cell)) * LOW_RES_STRIDE - 0.5


def sample_box(region: torch.Tensor, noise: float = 0.1) -> torch.Tensor:
    """Box corners (B, 2, 2) in model pixels around boolean regions, each side moved by up to about `noise` of the box."""
    grid = region.shape[-1]
    ends = []
    for axis in (1, 2):  # columns give x, rows give y
        line = region.any(axis).float()
        first = line.argmax(1)
        last = grid - 1 - line.flip(1).argmax(1)
        ends.append(torch.stack([first, last + 1], 1).float() * LOW_RES_STRIDE - 0.5)
    corners = torch.stack(ends, dim=2)
    sides = (corners[:, 1] - corners[:, 0])[:, None].clamp(min=LOW_RES_STRIDE)
    moved = corners + torch.randn_like(corners).clamp(-2, 2) * sides * noise * torch.rand_like(sides)
    return moved.clamp(0, grid * LOW_RES_STRIDE - 1)


SMALLEST_BOX = 0.05  # of the photo's side, for boxes at random
KINDS = {"point": 0.55, "box": 0.35, "both": 0.1}


def first_prompts(target: torch.Tensor, kind: str) -> Prompts:
    """The opening prompt for each soft target (B, G, G) in 0…1. `kind`: point, box, or both (see `KINDS`).

    Tokens are laid out as at inference: a padding point where there is no box, the two corners where there is one.
    """
    batch, grid, _ = target.shape
    region = _solid(target)
    points, labels = [], []
    if kind != "box":
        points.append(sample_click(region)[:, None])
        labels.append(1.0)
    if kind == "point":
        points.append(target.new_zeros(batch, 1, 2))
        labels.append(-1.0)
    else:
        points.append(sample_box(region))
        labels += [2.0, 3.0]
    return Prompts(
        torch.cat(points, dim=1),
        target.new_tensor(labels).expand(batch, -1),
        target.new_zeros(batch, 1, grid, grid),
        target.new_zeros(batch),
    )


def point_or_box(target: torch.Tensor) -> Prompts:
    """An opening point or box, half of each, for each soft target (B, G, G). Both are two tokens, so they mix in a batch."""
    point, box = first_prompts(target, "point"), first_prompts(target, "box")
    chosen = torch.rand(len(target), 1, device=target.device) < 0.5
    return replace(
        point,
        coords=torch.where(chosen[..., None], point.coords, box.coords),
        labels=torch.where(chosen, point.labels, box.labels),
    )


def random_prompts(height: int, width: int, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random prompts, independent of the photo's content: `count` points or boxes, half of each, within height × width.

    Returns coords (count, 2, 2) and labels (count, 2), laid out as `first_prompts` does.
    """
    extent = np.array([width, height], np.float32)
    ends = rng.random((count, 2, 2), dtype=np.float32)
    middle, side = ends[:, 0], np.float32(SMALLEST_BOX) + ends[:, 1] * np.float32(1 - SMALLEST_BOX)
    corners = np.stack([middle - side / 2, middle + side / 2], axis=1).clip(0, 1) * (extent - 1)
    points = np.stack([middle * (extent - 1), np.zeros((count, 2), np.float32)], axis=1)
    is_box = rng.random(count) < 0.5
    return {
        "coords": np.where(is_box[:, None, None], corners, points).astype(np.float32),
        "labels": np.where(is_box[:, None], [2.0, 3.0], [1.0, -1.0]).astype(np.float32),
    }


def correct(prompts: Prompts, target: torch.Tensor, logits: torch.Tensor, valid: torch.Tensor) -> Prompts:
    """Add the click that corrects `logits` (B, G, G), and give them as mask prompt to most of the batch."""
    expected, actual = (target > 0.5) & valid, (logits > 0) & valid
    missed, surplus = expected & ~actual, actual & ~expected
    add = missed.sum((1, 2)) >= surplus.sum((1, 2))
    region = torch.where(add[:, None, None], missed, surplus)
    none_left = ~region.flatten(1).any(1)
    region = torch.where(none_left[:, None, None], _solid(target), region)
    label = torch.where(add | none_left, 1.0, 0.0)[:, None]
    keep = (torch.rand(len(target), device=target.device) < 0.8).float()
    return replace(
        prompts,
        coords=torch.cat([prompts.coords, sample_click(region)[:, None]], dim=1),
        labels=torch.cat([prompts.labels, label], dim=1),
        mask_input=logits[:, None].clamp(-32, 32),
        has_mask=keep,
    )


def _solid(target: torch.Tensor) -> torch.Tensor:
    """Cells at least half covered by the target; for a target thinner than a cell, the cells it covers most."""
    peak = target.amax((1, 2), keepdim=True)
    return target >= torch.minimum(peak.clamp(min=1e-3), torch.full_like(peak, 0.5))
