"""A light image encoder: any timm backbone and a neck that yields SAM's stride-16 embedding."""

from typing import Any

import timm
import torch
import torch.nn.functional as F
from segment_anything.modeling.common import LayerNorm2d
from torch import nn

from export.models.reduced_frame import ReducedFrameEncoder
from export.models.tiny_vit import DIM, TinyVitEncoder

MEAN = (123.675, 116.28, 103.53)  # SAM's pixel statistics (ImageNet's, in 0…255)
STD = (58.395, 57.12, 57.375)
PAPER = "tiny_vit_5m"  # the paper's student: TinyViT-5M with SAM's neck, see tiny_vit.py
HALF_FRAME = "tiny_vit_5m_512"  # the same, which sees the photo at half the frame's resolution, see reduced_frame.py
THREE_QUARTERS = "tiny_vit_5m_768"
REFINED = "tiny_vit_5m_512_refined"  # half the frame, with two blocks more at the embedding's resolution
# Forms of `PAPER` that see less than the frame: the part of it, and the number of refining blocks.
REDUCED: dict[str, tuple[float, int]] = {HALF_FRAME: (0.5, 0), THREE_QUARTERS: (0.75, 0), REFINED: (0.5, 2)}


class Encoder(nn.Module):
    """timm backbone → embedding at stride 16, plus (where `fine_dims` are not 0) two finer maps for the mask's edges.

    The finer maps (strides 8 and 4) are computed once per photo and added while the decoder upsamples, as in
    SAM 2 (arXiv 2408.00714, section 4), because 16-pixel cells alone cannot place an edge. Without them the encoder has
    the outputs of SAM's, so that it can stand in for it.
    """

    def __init__(self, backbone: str, dim: int, fine_dims: tuple[int, int]) -> None:
        super().__init__()
        self.backbone = timm.create_model(backbone, features_only=True, pretrained=False)
        info: Any = self.backbone.feature_info
        channel_of = dict(zip(info.reduction(), info.channels(), strict=True))
        self.strides = tuple(info.reduction())
        expected = {16, *(stride for stride, channels in zip((8, 4), fine_dims, strict=True) if channels)}
        if missing := expected - set(channel_of):
            raise ValueError(f"{backbone} has no features at stride {sorted(missing)}; choose another backbone.")
        self.lateral = nn.ModuleDict(
            {str(s): nn.Conv2d(channel_of[s], dim, 1, bias=False) for s in self.strides if s >= 16}
        )
        self.neck = nn.Sequential(LayerNorm2d(dim), nn.Conv2d(dim, dim, 3, padding=1, bias=False), LayerNorm2d(dim))
        self.fine8 = nn.Conv2d(channel_of[8], fine_dims[0], 1) if fine_dims[0] else None
        self.fine4 = nn.Conv2d(channel_of[4], fine_dims[1], 1) if fine_dims[1] else None

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 3, S, S) normalised → `image_embeddings` (B, dim, S/16, S/16), and `fine_8`, `fine_4` at strides 8 and 4."""
        maps = dict(zip(self.strides, self.backbone(image), strict=True))
        embedding = self.lateral["16"](maps[16])
        for stride in self.strides:
            if stride > 16:
                coarse = self.lateral[str(stride)](maps[stride])
                embedding = embedding + F.interpolate(coarse, scale_factor=stride / 16, mode="nearest")
        features = {"image_embeddings": self.neck(embedding)}
        if self.fine8 is not None:
            features["fine_8"] = self.fine8(maps[8])
        if self.fine4 is not None:
            features["fine_4"] = self.fine4(maps[4])
        return features


def build_encoder(backbone: str, dim: int, fine_dims: tuple[int, int]) -> nn.Module:
    """The paper's encoder, `tiny_vit_5m`, or one of its forms that see less of the frame, `REDUCED` (for a SAM: 256 channels, no
    finer maps), or any timm backbone.

    Raises ValueError (or timm's RuntimeError, for an unknown name) that says what does not fit.
    """
    if backbone not in (PAPER, *REDUCED):
        return Encoder(backbone, dim, fine_dims)
    if dim != DIM or any(fine_dims):
        raise ValueError(
            f"{backbone} is an encoder of MobileSAM's kind: {DIM} channels and no finer maps, for students of a SAM. "
            "Choose tiny_vit_5m_224, the same backbone from timm, for other teachers."
        )
    return TinyVitEncoder() if backbone == PAPER else ReducedFrameEncoder(*REDUCED[backbone])


def normalise(image: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) pixels 0…255 → SAM's normalised pixels. Padding is added after this, so that it is 0, as in SAM."""
    mean = torch.tensor(MEAN, device=image.device).view(1, 3, 1, 1)
    std = torch.tensor(STD, device=image.device).view(1, 3, 1, 1)
    return (image - mean) / std
