"""Encoders that skip the empty part of the square: a 3:2 photo fills two thirds of it.

The photo is padded to whole cells only, and the rest of each map is filled with what the encoder answers for an empty
frame. All sizes are arithmetic on the photo's, without branches, so that one traced graph serves every shape. For a
square photo the answer is the padded encoder's; for others it differs near the lower or right edge, where the padded one
saw the padding (docs/export.md has the figures).

Convolutions take any size as they are. TinyViT's and SAM's blocks are replaced by ones with the same weights, because
the packages' own choose between branches by size.
"""

from typing import Any

import torch
import torch.nn.functional as F
from segment_anything.modeling.image_encoder import Attention, Block, get_rel_pos
from torch import nn

from export.models.encoder import normalise
from export.models.geometry import MARGIN
from export.models.promptable import PromptableModel
from export.models.sam import VitEncoder
from export.onnx.windows import missing, parts, rewrite_tiny_vit

MULTIPLE = 32  # the students' coarsest stride; a whole cell for the others


class UnpaddedEncoder(nn.Module):
    """(1, 3, H, W) RGB 0…255 with max(H, W) = input size → the encoder's maps, as `PromptableModel.encode`.

    Changes the encoder of the model it is given: hand it a copy.
    """

    @torch.no_grad()
    def __init__(self, model: PromptableModel, margin: int = MARGIN) -> None:
        super().__init__()
        size, self.margin = model.input_size, margin
        self.size = size
        empty = model.image_encoder(torch.zeros(1, 3, size, size))
        self.sides = {name: m.shape[-1] for name, m in empty.items()}
        for name, m in empty.items():
            middle = m.shape[-1] // 2
            self.register_buffer(f"fill_{name}", m[:, :, middle, middle, None, None].clone())
        rewrite_tiny_vit(model.image_encoder)
        replace_blocks(model.image_encoder)
        self.encoder = model.image_encoder
        if isinstance(self.encoder, VitEncoder):
            self.encoder = FreeVit(self.encoder, size)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        image = normalise(image)
        right, below = (self.padding(side) for side in (image.shape[-1], image.shape[-2]))
        whole = F.pad(image, (0, right, 0, below))
        return {name: self.fill(part, name) for name, part in self.encoder(whole).items()}

    def padding(self, side: int) -> int:
        """Padding of a side in pixels: up to a whole cell, plus the margin if the square has one."""
        padding: Any = torch.sym_min(missing(side, MULTIPLE) + self.margin, self.size - side)
        return padding

    def fill(self, part: torch.Tensor, name: str) -> torch.Tensor:
        side, empty = self.sides[name], getattr(self, f"fill_{name}")
        return F.pad(part - empty, (0, side - part.shape[-1], 0, side - part.shape[-2])) + empty


def replace_blocks(module: nn.Module) -> None:
    """Replace every block of SAM's that branches on its input's size, in place."""
    for name, child in module.named_children():
        if isinstance(child, Block):
            setattr(module, name, FreeVitBlock(child))
        else:
            replace_blocks(child)


def to_windows(x: torch.Tensor, size: int) -> torch.Tensor:
    """(1, H, W, C) → (windows, size, size, C), with zeros where the last windows reach over the edge."""
    _, height, width, channels = x.shape
    x = F.pad(x, (0, 0, 0, missing(width, size), 0, missing(height, size)))
    x = x.reshape(parts(height, size), size, parts(width, size), size, channels)
    return x.transpose(1, 2).reshape(-1, size, size, channels)


def from_windows(windows: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """The inverse of `to_windows`."""
    size, channels = windows.shape[1], windows.shape[3]
    rows, columns = parts(height, size), parts(width, size)
    x = windows.reshape(rows, columns, size, size, channels).transpose(1, 2)
    return x.reshape(1, rows * size, columns * size, channels)[:, :height, :width]


class FreeVitBlock(nn.Module):
    """SAM's encoder block for any size up to the one it was built for: (1, H, W, C) → the same."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.window_size = block.window_size
        self.norm1, self.norm2, self.mlp = block.norm1, block.norm2, block.mlp
        self.attn = FreeAttention(block.attn)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed = self.norm1(x)
        if self.window_size:
            found = from_windows(self.attn(to_windows(normed, self.window_size)), x.shape[1], x.shape[2])
        else:
            found = self.attn(normed)
        x = x + found
        return x + self.mlp(self.norm2(x))


class FreeAttention(nn.Module):
    """SAM's attention with relative positions, whose tables are made for the largest size and cut to the one at hand."""

    table_h: torch.Tensor
    table_w: torch.Tensor

    def __init__(self, source: Attention) -> None:
        super().__init__()
        self.qkv, self.proj = source.qkv, source.proj
        self.heads, self.scale = source.num_heads, source.scale
        for axis in ("h", "w"):
            table = getattr(source, f"rel_pos_{axis}")
            side = (len(table) + 1) // 2
            self.register_buffer(f"table_{axis}", get_rel_pos(side, side, table).detach())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, height, width, dim = x.shape
        qkv = self.qkv(x).reshape(batch, height * width, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        of_cells = q.reshape(batch, self.heads, height, width, dim // self.heads)
        table_h, table_w = self.table_h[:height, :height], self.table_w[:width, :width]
        rows = of_cells @ table_h.transpose(1, 2)  # (batch, heads, height, width, height)
        columns = (of_cells.transpose(2, 3) @ table_w.transpose(1, 2)).transpose(2, 3)
        scores = ((q * self.scale) @ k.transpose(2, 3)).reshape(batch, self.heads, height, width, height, width)
        scores = scores + rows[..., None] + columns[..., None, :]
        weights = scores.reshape(batch, self.heads, height * width, height * width).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, height, width, dim))


class FreeVit(nn.Module):
    """SAM's ViT with its position table cut to the photo: (1, 3, H, W), whole cells → `image_embeddings`."""

    table: torch.Tensor

    def __init__(self, encoder: Any, size: int) -> None:
        super().__init__()
        self.patch_embed, self.blocks, self.neck = encoder.patch_embed, encoder.blocks, encoder.neck
        self.register_buffer("table", encoder.positions(size // 16, size // 16).detach())

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        cells = self.patch_embed(image)
        cells = cells + self.table[:, : cells.shape[1], : cells.shape[2]]
        for block in self.blocks:
            cells = block(cells)
        return {"image_embeddings": self.neck(cells.permute(0, 3, 1, 2))}
