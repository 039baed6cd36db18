"""A light image encoder: any timm backbone and a neck that yields SAM's stride-16 embedding."""

from typing import Any

import timm
import torch
import torch.nn.functional as F
from segment_anything.modeling.common import LayerNorm2d
from torch import nn

MEAN = (123.675, 116.28, 103.53)  # SAM's pixel statistics (ImageNet's, in 0…255)
STD = (58.395, 57.12, 57.375)


class Encoder(nn.Module):
    """timm backbone → embedding at stride 16, plus two finer maps that keep the mask's edges crisp.

    The finer maps (strides 8 and 4) are computed once per photo and added while the decoder upsamples, as in
    SAM 2 (arXiv 2408.00714, section 4), because 16-pixel cells alone cannot place an edge.
    """

    def __init__(self, backbone: str, dim: int, fine_dims: tuple[int, int]) -> None:
        super().__init__()
        self.backbone = timm.create_model(backbone, features_only=True, pretrained=False)
        info: Any = self.backbone.feature_info
        channel_of = dict(zip(info.reduction(), info.channels(), strict=True))
        self.strides = tuple(info.reduction())
        if missing := {4, 8, 16} - set(channel_of):
            raise ValueError(f"{backbone} has no features at stride {sorted(missing)}; choose another backbone.")
        self.lateral = nn.ModuleDict(
            {str(s): nn.Conv2d(channel_of[s], dim, 1, bias=False) for s in self.strides if s >= 16}
        )
        self.neck = nn.Sequential(LayerNorm2d(dim), nn.Conv2d(dim, dim, 3, padding=1, bias=False), LayerNorm2d(dim))
        self.fine8 = nn.Conv2d(channel_of[8], fine_dims[0], 1)
        self.fine4 = nn.Conv2d(channel_of[4], fine_dims[1], 1)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 3, S, S) normalised → `image_embeddings` (B, dim, S/16, S/16), `fine_8` and `fine_4` at strides 8 and 4."""
        maps = dict(zip(self.strides, self.backbone(image), strict=True))
        embedding = self.lateral["16"](maps[16])
        for stride in self.strides:
            if stride > 16:
                coarse = self.lateral[str(stride)](maps[stride])
                embedding = embedding + F.interpolate(coarse, scale_factor=stride / 16, mode="nearest")
        return {"image_embeddings": self.neck(embedding), "fine_8": self.fine8(maps[8]), "fine_4": self.fine4(maps[4])}


def normalise(image: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) pixels 0…255 → SAM's normalised pixels. Padding is added after this, so that it is 0, as in SAM."""
    mean = torch.tensor(MEAN, device=image.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=image.device).view(1, 3, 1, 1)
    return (image - mean) / std
