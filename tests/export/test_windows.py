"""TinyViT's blocks as they are exported say what timm's say, with whole windows and with padded ones."""

import pytest
import torch
from timm.models.tiny_vit import TinyVitBlock
from torch import nn

from export.onnx.windows import WindowBlock, rewrite_tiny_vit

SIZES = {"whole windows": (8, 16, 24), "padded ones": (7, 16, 20), "padded below only": (14, 16, 14), "one": (7, 7, 7)}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@torch.no_grad()
def test_the_rewritten_block_computes_the_same(size):
    window, height, width = size
    torch.manual_seed(0)
    block = TinyVitBlock(64, 2, window)
    for parameter in block.parameters():
        parameter += torch.randn_like(parameter) / 5
    block.eval()
    x = torch.randn(1, height, width, 64)
    expected = block(x)
    module = nn.Sequential(block)
    rewrite_tiny_vit(module)
    assert isinstance(module[0], WindowBlock)
    assert torch.allclose(module(x), expected, atol=1e-4)
