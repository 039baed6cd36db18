"""TinyViT's blocks rewritten for inference: the same numbers for any size of map, with less to move and to multiply.

timm's block pads the map to whole windows before the norm and the projections, which then run on padding as well: a fifth of
the cells, where windows of 14 cover 64. Here only the projected rows are padded, with zeros: the bias of the keys drops out of
the softmax, that of the values passes through it (its rows sum to 1) into the output's bias, and only the queries need theirs
after the padding. Cutting into windows and into heads is one transpose, and so is the way back.
"""

from typing import Any

import torch
import torch.nn.functional as F
from timm.models.tiny_vit import TinyVitBlock
from torch import nn


def parts(length: int, size: int) -> int:
    """The number of pieces of `size` that cover `length`, both positive: there ONNX rounds divisions as Python does."""
    return (length + size - 1) // size


def missing(length: int, size: int) -> int:
    """The padding that `length` needs to become a multiple of `size`."""
    return parts(length, size) * size - length


def rewrite_tiny_vit(module: nn.Module) -> None:
    """Replace every TinyVitBlock inside `module`, in place."""
    for name, child in module.named_children():
        if isinstance(child, TinyVitBlock):
            setattr(module, name, WindowBlock(child))
        else:
            rewrite_tiny_vit(child)


class WindowAttention(nn.Module):
    """TinyViT's attention within windows, norm included: (1, H, W, C) → the same."""

    weight: torch.Tensor
    query_bias: torch.Tensor
    out_bias: torch.Tensor

    @torch.no_grad()
    def __init__(self, source: Any, window: int) -> None:
        super().__init__()
        self.source, self.window = source, window
        self.heads, self.width = source.num_heads, source.key_dim
        shape = (self.heads, 3, self.width)  # timm keeps a head's query, key and value together
        weight = source.qkv.weight.view(*shape, -1).transpose(0, 1)
        bias = (source.qkv.bias + source.qkv.weight @ source.norm.bias).view(*shape).transpose(0, 1)
        scale = torch.tensor([source.scale, 1.0, 1.0])
        self.register_buffer("weight", (weight * scale[:, None, None, None]).flatten(0, 2))
        self.register_buffer("query_bias", bias[0, :, None] * source.scale)
        self.register_buffer("out_bias", source.proj.bias + source.proj.weight @ bias[2].flatten())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, height, width, channels = x.shape
        side, rows, columns = self.window, parts(height, self.window), parts(width, self.window)
        norm = self.source.norm
        projected = F.linear(F.layer_norm(x, norm.normalized_shape, norm.weight, None, norm.eps), self.weight)
        fixed: Any = isinstance(height, int) and isinstance(width, int)  # while tracing, a size may be a symbol
        if not fixed or height % side or width % side:
            projected = F.pad(projected, (0, 0, 0, missing(width, side), 0, missing(height, side)))
        cut = projected.reshape(rows, side, columns, side, 3, self.heads, self.width).permute(4, 0, 2, 5, 1, 3, 6)
        q, k, v = cut.reshape(3, rows * columns, self.heads, side * side, self.width).unbind(0)
        scores = (q + self.query_bias) @ k.transpose(2, 3) + self.source.get_attention_biases(x.device)
        found = (scores.softmax(-1) @ v).reshape(rows, columns, self.heads, side, side, self.width)
        found = found.permute(0, 3, 1, 4, 2, 5).reshape(1, rows * side, columns * side, channels)
        return F.linear(found[:, :height, :width], self.source.proj.weight, self.out_bias)


class WindowBlock(nn.Module):
    """timm's TinyVitBlock for any size: (1, H, W, C) → the same."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.attn = WindowAttention(block.attn, block.window_size)
        self.mlp, self.local_conv = block.mlp, block.local_conv

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(x)
        x = self.local_conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + self.mlp(x)
