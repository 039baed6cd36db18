"""MobileSAM's encoder at a part of the resolution: the same 1024-pixel frame and 64 × 64 embedding, for less work.

The photo is made smaller inside the encoder, so that the frame, the prompts and the decoder stay SAM's own. TinyViT's last map
is then coarser than the embedding's grid: it is enlarged, and a 1 × 1 convolution adds stage 2, which is twice as fine. At
half the frame stage 2 has the grid's own resolution. EfficientViT-SAM (arXiv 2402.05008) reads 512 pixels into 64 × 64
cells in the same way.

Attention windows are 8 and 16 cells wide, not 7 and 14: they divide the maps of a photo of 512 or 768 pixels, so that nothing
is padded.
"""

import torch
import torch.nn.functional as F
from torch import nn

from export.models.tiny_vit import DIM, TinyVitEncoder

BIASES = ".attention_biases"
HIDDEN = 384  # channels inside a refining block


class RefiningBlock(nn.Module):
    """Adds to a map (B, C, H, W) what a depthwise 3 × 3 convolution between two 1 × 1 ones finds; nothing, before training."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(dim, hidden, 1)
        self.look = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.narrow = nn.Conv2d(hidden, dim, 1)
        self.act = nn.GELU()
        for parameter in self.narrow.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.narrow(self.act(self.look(self.act(self.widen(x)))))


class ReducedFrameEncoder(TinyVitEncoder):
    """(B, 3, S, S) normalised → `image_embeddings` (B, 256, S/16, S/16), of which TinyViT sees `share` × S pixels a side.

    share: 1/2, or another part of the frame for which share × S/8 is whole; blocks: how many refining blocks follow the sum.
    """

    windows = (8, 8, 16, 8)

    def __init__(self, share: float = 0.5, blocks: int = 0) -> None:
        super().__init__()
        self.share = share
        self.blocks = nn.Sequential(*(RefiningBlock(DIM, HIDDEN) for _ in range(blocks)))
        self.lateral = nn.Conv2d(self.body.stages[1].blocks[0].dim, DIM, 1, bias=False)
        nn.init.zeros_(self.lateral.weight)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        stem, stages = self.body.patch_embed, self.body.stages
        fine = stages[1](stages[0](stem(reduced(image, self.share))))  # 8 pixels of what TinyViT sees
        coarse = self.neck[0](stages[3](stages[2](fine)))  # 16 of them
        embedding = resized(coarse, 1 / self.share) + resized(self.lateral(fine), 0.5 / self.share)
        return {"image_embeddings": self.neck[2:](self.blocks(self.neck[1](embedding)))}

    @torch.no_grad()
    def start_from(self, whole: TinyVitEncoder) -> None:
        """Take over the weights of an encoder that sees the whole frame; position biases are resampled to the windows."""
        weights = {
            name: resampled(value, self.get_parameter(name)) if name.endswith(BIASES) else value
            for name, value in whole.state_dict().items()
        }
        own = {name: value for name, value in self.state_dict().items() if name.startswith(("blocks.", "lateral."))}
        self.load_state_dict({**weights, **own})
        self.train(self.training)  # drops the biases that timm gathered from the old weights


def reduced(image: torch.Tensor, share: float) -> torch.Tensor:
    """Images (B, 3, H, W) → (B, 3, share × H, share × W); at a half each pixel is the mean of four."""
    return F.avg_pool2d(image, 2) if share == 0.5 else resized(image, share)


def resized(maps: torch.Tensor, factor: float) -> torch.Tensor:
    """Maps (B, C, H, W) → (B, C, factor × H, factor × W), bilinearly."""
    return maps if factor == 1 else F.interpolate(maps, scale_factor=factor, mode="bilinear")


def resampled(biases: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Position biases (heads, n²), one for each distance |dy|, |dx| in a window → those of windows of another side."""
    heads, count = biases.shape
    before, after = round(count**0.5), round(like.shape[1] ** 0.5)
    table = biases.reshape(heads, 1, before, before)
    return F.interpolate(table, (after, after), mode="bicubic", align_corners=True).reshape(heads, -1)
