"""MobileSAM's image encoder: timm's TinyViT-5M with SAM's neck."""

from typing import Any

import timm
import torch
from segment_anything.modeling.common import LayerNorm2d
from torch import nn

DIM = 256  # channels of SAM's embedding


class TinyVitEncoder(nn.Module):
    """TinyViT-5M with stride 1 in its last downsampling, and SAM's neck: (B, 3, S, S) → (B, 256, S/16, S/16)."""

    windows = (7, 7, 14, 7)  # side of the attention windows of each stage, in cells; the first stage has none

    def __init__(self) -> None:
        super().__init__()
        body: Any = timm.create_model(
            "tiny_vit_5m_224", pretrained=False, num_classes=0, drop_path_rate=0.0, window_sizes=self.windows
        )
        body.head = nn.Identity()
        body.stages[3].downsample.conv2.conv.stride = (1, 1)
        for module in body.modules():
            if hasattr(module, "fused_attn"):
                module.fused_attn = False  # written out, as in the official code, it exports to fewer nodes
        width = body.num_features
        self.body = body
        self.neck = nn.Sequential(
            nn.Conv2d(width, DIM, 1, bias=False),
            LayerNorm2d(DIM),
            nn.Conv2d(DIM, DIM, 3, padding=1, bias=False),
            LayerNorm2d(DIM),
        )

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"image_embeddings": self.neck(self.body.forward_features(image))}
