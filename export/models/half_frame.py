"""MobileSAM's encoder at half the resolution: the same 1024-pixel frame and 64 × 64 embedding, a quarter of the work.

The photo is halved inside the encoder, so that the frame, the prompts and the decoder stay SAM's own. The embedding's grid
is then twice as fine as TinyViT's last map: that map is enlarged, and a 1 × 1 convolution adds stage 2, which has the grid's
own resolution. EfficientViT-SAM (arXiv 2402.05008) reads 512 pixels into 64 × 64 cells in the same way.

Attention windows are 8 and 16 cells wide, not 7 and 14: they divide the maps of a 512-pixel photo, so that nothing is padded.
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


class HalfFrameEncoder(TinyVitEncoder):
    """(B, 3, S, S) normalised → `image_embeddings` (B, 256, S/16, S/16), of which TinyViT sees S/2 × S/2 pixels."""

    windows = (8, 8, 16, 8)

    def __init__(self, blocks: int = 0) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(RefiningBlock(DIM, HIDDEN) for _ in range(blocks)))
        self.lateral = nn.Conv2d(self.body.stages[1].blocks[0].dim, DIM, 1, bias=False)
        nn.init.zeros_(self.lateral.weight)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        stem, stages = self.body.patch_embed, self.body.stages
        fine = stages[1](stages[0](stem(F.avg_pool2d(image, 2))))  # stride 16 of the frame
        coarse = self.neck[0](stages[3](stages[2](fine)))  # stride 32
        embedding = F.interpolate(coarse, scale_factor=2.0, mode="bilinear") + self.lateral(fine)
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


def resampled(biases: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Position biases (heads, n²), one for each distance |dy|, |dx| in a window → those of windows of another side."""
    heads, count = biases.shape
    before, after = round(count**0.5), round(like.shape[1] ** 0.5)
    table = biases.reshape(heads, 1, before, before)
    return F.interpolate(table, (after, after), mode="bicubic", align_corners=True).reshape(heads, -1)
