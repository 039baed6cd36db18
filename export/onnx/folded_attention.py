"""The blocks of `folded.py`: SAM's two-way attention with the pixels' projections moved to the tokens' side.

(q Wk)·s instead of q·(Wk s): a tap has few tokens and many pixels. Shapes: tokens (B, 1, N, dim), pixels (B or 1, 1, h·w, dim).
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from segment_anything.modeling.transformer import Attention, TwoWayAttentionBlock
from torch import nn


class Norm(nn.Module):
    """LayerNorm over the last axis, with the weights of a LayerNorm or of SAM's LayerNorm2d."""

    def __init__(self, source: Any) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = source.weight, source.bias, source.eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


class Product(nn.Module):
    """x @ matrix + bias; the matrix may have leading axes of its own, such as heads."""

    matrix: torch.Tensor
    bias: torch.Tensor | None

    def __init__(self, matrix: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("matrix", matrix.contiguous())
        self.register_buffer("bias", bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x @ self.matrix
        return x if self.bias is None else x + self.bias


def into_heads(layer: nn.Linear, heads: int, scale: float = 1.0, bias: bool = True) -> Product:
    """A projection as one small matrix a head: (B, 1, N, in) → (B, heads, N, out / heads), without moving axes."""
    matrix = layer.weight.view(heads, -1, layer.in_features).transpose(1, 2)
    return Product(matrix * scale, layer.bias.view(heads, 1, -1) * scale if bias else None)


def out_of_heads(layer: nn.Linear, heads: int) -> Product:
    """An output projection a head, to be summed over heads; its bias is head 0's."""
    matrix = layer.weight.t().reshape(heads, -1, layer.out_features)
    return Product(matrix, F.pad(layer.bias.view(1, 1, -1), (0, 0, 0, 0, 0, heads - 1)))


class SelfAttention(nn.Module):
    """Attention among tokens (B, 1, N, dim)."""

    def __init__(self, source: Attention) -> None:
        super().__init__()
        heads = self.heads = source.num_heads
        scale = 1 / math.sqrt(source.internal_dim // heads)
        q, k, v = into_heads(source.q_proj, heads, scale), into_heads(source.k_proj, heads), source.v_proj
        self.q_and_k = Product(torch.cat([q.matrix, k.matrix]), torch.cat([q.bias, k.bias]))  # type: ignore[list-item]
        self.v, self.out = into_heads(v, heads), out_of_heads(source.out_proj, heads)

    def forward(self, tokens: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        q, k = self.q_and_k(tokens).split(self.heads, dim=1)
        attention = (q @ k.transpose(2, 3)).softmax(-1)
        return self.out(attention @ self.v(values)).sum(1, keepdim=True)


class TokensToPixels(nn.Module):
    """Cross attention that leaves the pixels unprojected: (q Wk)·s. The keys' bias drops out of the softmax."""

    def __init__(self, source: Attention) -> None:
        super().__init__()
        heads = self.heads = source.num_heads
        self.dim = source.embedding_dim
        self.q = into_heads(source.q_proj, heads, 1 / math.sqrt(source.internal_dim // heads))
        self.k = Product(source.k_proj.weight.view(heads, -1, self.dim))
        self.v = into_heads(source.v_proj, heads)
        self.out = out_of_heads(source.out_proj, heads)

    def forward(self, tokens: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        batch, _, count, dim = tokens.shape
        query = self.k(self.q(tokens)).reshape(batch, 1, self.heads * count, dim)
        attention = (query @ keys.transpose(2, 3)).softmax(-1)
        answer = (attention @ values).reshape(batch, self.heads, count, dim)
        return self.out(self.v(answer)).sum(1, keepdim=True)

    def with_maps(self, tokens: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """The same with projected pixels: keys (B, heads, d, pixels), values (B, heads, pixels, d)."""
        return self.out((self.q(tokens) @ keys).softmax(-1) @ values).sum(1, keepdim=True)


class PixelsToTokens(nn.Module):
    """Cross attention from pixels to tokens; keys and values get the projections of the pixels' side as well."""

    def __init__(self, source: Attention) -> None:
        super().__init__()
        heads = self.heads = source.num_heads
        scale = 1 / math.sqrt(source.internal_dim // heads)
        self.k = into_heads(source.k_proj, heads, bias=False)  # the same for all tokens: drops out of the softmax
        self.q = Product(source.q_proj.weight.view(heads, -1, source.embedding_dim) * scale)
        self.offset = Product(source.q_proj.bias.view(heads, -1, 1) * scale)
        self.v, self.out = into_heads(source.v_proj, heads), out_of_heads(source.out_proj, heads)

    def forward(self, pixels: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        batch, _, count, dim = keys.shape
        keys = self.k(keys)
        scores = pixels @ self.q(keys).reshape(batch, 1, self.heads * count, dim).transpose(2, 3)
        scores = scores + self.offset(keys).reshape(batch, 1, 1, self.heads * count)
        attention = scores.reshape(batch, pixels.shape[2], self.heads, count).softmax(-1)
        return self.mix(attention.reshape(batch, 1, pixels.shape[2], self.heads * count), values)

    def with_maps(self, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """The same with projected pixels, queries (B, heads, pixels, d)."""
        attention = (queries @ self.k(keys).transpose(2, 3)).softmax(-1)
        batch, heads, pixels, count = attention.shape
        return self.mix(attention.transpose(1, 2).reshape(batch, 1, pixels, heads * count), values)

    def mix(self, attention: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """(B, 1, pixels, heads·N) weights of the tokens → what they add to the pixels. The weights of a head sum to 1."""
        batch, _, count, dim = values.shape
        return attention @ self.out(self.v(values)).reshape(batch, 1, self.heads * count, dim)


class Layer(nn.Module):
    """One block of the two-way transformer; tokens (B, 1, N, dim), pixels (B or 1, 1, h·w, dim)."""

    def __init__(self, source: TwoWayAttentionBlock) -> None:
        super().__init__()
        self.first = source.skip_first_layer_pe
        self.among_tokens = SelfAttention(source.self_attn)
        self.to_pixels = TokensToPixels(source.cross_attn_token_to_image)
        self.to_tokens = PixelsToTokens(source.cross_attn_image_to_token)
        self.norms = nn.ModuleList(Norm(n) for n in (source.norm1, source.norm2, source.norm3, source.norm4))
        self.lin1, self.lin2 = (Product(lin.weight.t(), lin.bias) for lin in (source.mlp.lin1, source.mlp.lin2))

    def forward(  # type: ignore[no-untyped-def]
        self, tokens, prompt, pixels, position, maps: list[torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        placed = pixels + position if maps is None else pixels
        with_prompt = tokens if self.first else tokens + prompt
        answer = self.among_tokens(with_prompt, tokens)
        tokens = self.norms[0](answer if self.first else tokens + answer)
        asking = tokens + prompt
        by_maps = self.to_pixels.with_maps
        answer = self.to_pixels(asking, placed, pixels) if maps is None else by_maps(asking, maps[0], maps[1])
        tokens = self.norms[1](tokens + answer)
        tokens = self.norms[2](tokens + self.lin2(F.relu(self.lin1(tokens))))
        if maps is None:
            answer = self.to_tokens(placed, tokens + prompt, tokens)
        else:
            answer = self.to_tokens.with_maps(maps[2], tokens + prompt, tokens)
        return tokens, self.norms[3](pixels + answer)
