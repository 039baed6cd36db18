"""SAM's mask decoder rewritten for inference: the same numbers from fewer and smaller operations.

A tap has few tokens (five of the decoder's own and the prompt's) and many pixels, so projections of the pixels are moved
to the tokens' side of their product, where the algebra allows: (q Wk)·s instead of q·(Wk s). What is the same for every
pixel or token of a softmax drops out of it, and biases after it are gathered in one constant. Pixels stay rows of a
matrix from the mask prompt to the last sum, so that the transposed convolutions are matrix products too, and only the
four masks are put in order at the end. The four hypernetworks and the IoU head are one batched MLP.

`PhotoMaps` goes further: what the first layer's attentions project from the photo alone is computed with the embedding,
once a photo; the mask prompt adds to it through 18 channels, since it enters linearly.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from segment_anything.modeling.transformer import TwoWayAttentionBlock
from torch import nn

from export.models.decoder import FineMaskDecoder
from export.models.promptable import PromptableModel
from export.onnx.folded_attention import Layer, Norm, Product, TokensToPixels

PHOTO_MAPS = ("photo_keys", "photo_values", "photo_queries")
LABELS = (-1.0, 0.0, 1.0, 2.0, 3.0)  # padding, background, foreground, a box's two corners


class MaskPrompt(nn.Module):
    """SAM's mask prompt up to its last convolution, as rows: 16 channels times `has`, then `has`, then 1."""

    def __init__(self, source: nn.Sequential, cells: int) -> None:
        super().__init__()
        layers: Any = source
        first, norm1, _, second, norm2, _, _ = layers
        self.cells = cells
        self.first = Product(first.weight.reshape(first.out_channels, -1).t(), first.bias)
        self.second = Product(second.weight.permute(2, 3, 1, 0).reshape(-1, second.out_channels), second.bias)
        self.norm1, self.norm2 = Norm(norm1), Norm(norm2)

    def forward(self, mask: torch.Tensor, has: torch.Tensor) -> torch.Tensor:
        n = self.cells
        mask = mask.reshape(-1, n, 2, 2, n, 2, 2).permute(0, 1, 4, 2, 5, 3, 6).reshape(-1, 1, 4 * n * n, 4)
        mask = F.gelu(self.norm1(self.first(mask)))
        mask = F.gelu(self.norm2(self.second(mask.reshape(-1, 1, n * n, 4 * mask.shape[3]))))
        mask = F.pad(mask, (0, 1), value=1.0) * has.reshape(-1, 1, 1, 1)
        return F.pad(mask, (0, 1), value=1.0)


def mask_matrix(model: PromptableModel) -> torch.Tensor:
    """(18, dim): what `MaskPrompt`'s channels add to the embedding. has·(C m + c) + (1 − has)·n, row by row."""
    last = model.prompt_encoder.mask_downscaling[6]
    absent = model.prompt_encoder.no_mask_embed.weight[0]
    return torch.cat([last.weight.flatten(1).t(), (last.bias - absent)[None], absent[None]])


def rows_of(maps: torch.Tensor, cells: int) -> torch.Tensor:
    """(1, C, s·cells, s·cells) → (1, 1, rows, C), a cell's s·s positions together, halves of a cell before quarters."""
    channels, side = maps.shape[1], maps.shape[2] // cells
    if side == 2:
        maps = maps.reshape(-1, channels, cells, 2, cells, 2).permute(0, 2, 4, 3, 5, 1)
    else:
        maps = maps.reshape(-1, channels, cells, 2, 2, cells, 2, 2).permute(0, 2, 5, 3, 6, 4, 7, 1)
    return maps.reshape(-1, 1, cells * cells * side * side, channels)


def position_phases(model: PromptableModel) -> tuple[torch.Tensor, torch.Tensor]:
    """Phases of rows (1, h, 1, dim) and columns (1, 1, w, dim): sin of their sum is SAM's position of each cell."""
    gaussian = model.prompt_encoder.pe_layer.positional_encoding_gaussian_matrix.double()
    cells, quarter = model.input_size // 16, torch.pi / 2
    at = 2 * torch.pi * (2 * (torch.arange(cells, dtype=torch.float64) + 0.5) / cells - 1)
    of_columns, of_rows = (at[:, None] * gaussian[axis] for axis in (0, 1))
    rows = torch.cat([of_rows, of_rows + quarter], 1)[None, :, None]
    return rows.float(), torch.cat([of_columns, of_columns], 1)[None, None].float()


class PhotoMaps(nn.Module):
    """The encoder's maps → what the split decoder takes: the embedding, its projections, finer maps as rows."""

    absent: torch.Tensor
    position: torch.Tensor

    def __init__(self, model: PromptableModel) -> None:
        super().__init__()
        decoder: Any = model.mask_decoder
        layer = decoder.transformer.layers[0]
        self.keys, self.values = layer.cross_attn_token_to_image.k_proj, layer.cross_attn_token_to_image.v_proj
        self.queries = layer.cross_attn_image_to_token.q_proj
        self.heads = layer.cross_attn_token_to_image.num_heads
        self.scale = 1 / math.sqrt(self.queries.out_features // self.heads)
        self.cells = model.input_size // 16
        self.register_buffer("absent", model.prompt_encoder.no_mask_embed.weight)
        self.register_buffer("position", model.prompt_encoder.get_dense_pe().flatten(2).transpose(1, 2))

    def forward(self, maps: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        pixels = maps["image_embeddings"].flatten(2).transpose(1, 2) + self.absent
        placed = pixels + self.position

        def heads(x: torch.Tensor) -> torch.Tensor:
            return x.reshape(1, self.cells**2, self.heads, -1)

        answer = {
            "image_embeddings": maps["image_embeddings"],
            "photo_keys": heads(self.keys(placed)).permute(0, 2, 3, 1),
            "photo_values": heads(self.values(pixels)).permute(0, 2, 1, 3),
            "photo_queries": heads(self.queries(placed) * self.scale).permute(0, 2, 1, 3),
        }
        return answer | {name: rows_of(maps[name], self.cells) for name in maps if name != "image_embeddings"}


class FoldedDecoder(nn.Module):
    """A model's prompt encoder and mask decoder as one module with `PromptableModel.decode`'s signature.

    It computes what they compute, to rounding. With `split` it takes `PhotoMaps`' maps instead of the encoder's.
    """

    image_pe: torch.Tensor
    phase_of: torch.Tensor
    phase_at: torch.Tensor
    labels: torch.Tensor
    meaning: torch.Tensor
    own_tokens: torch.Tensor

    @torch.no_grad()
    def __init__(self, model: PromptableModel, split: bool = False) -> None:
        super().__init__()
        prompt: Any = model.prompt_encoder
        decoder: Any = model.mask_decoder
        self.cells, self.split = model.input_size // 16, split
        # sin and cos of 2π·(2·(xy + ½)/size − 1) @ G, as the sine of one product
        gaussian = prompt.pe_layer.positional_encoding_gaussian_matrix.double()
        side, across = model.input_size, torch.cat([gaussian, gaussian], 1) * 2 * math.pi
        quarter = torch.cat([torch.zeros_like(gaussian[0]), torch.full_like(gaussian[0], math.pi / 2)])
        self.register_buffer("phase_of", (across * 2 / side).float())
        self.register_buffer("phase_at", (across.sum(0) * (1 / side - 1) + quarter).float())
        self.register_buffer("image_pe", prompt.get_dense_pe().flatten(2).transpose(1, 2)[None])
        self.register_buffer("labels", torch.tensor(LABELS))
        learnt = [prompt.not_a_point_embed, *prompt.point_embeddings]
        self.register_buffer("meaning", torch.cat([e.weight for e in learnt]))
        self.register_buffer(
            "own_tokens", torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])[None, None]
        )
        self.mask_prompt = MaskPrompt(prompt.mask_downscaling, self.cells)
        dense = mask_matrix(model)
        self.dense = Product(dense)
        self.layers = nn.ModuleList(Layer(layer) for layer in decoder.transformer.layers)
        self.to_pixels = TokensToPixels(decoder.transformer.final_attn_token_to_image)
        self.norm = Norm(decoder.transformer.norm_final_attn)
        if split:
            self._add_to_maps(decoder.transformer.layers[0], dense)
        self._upscaling(decoder)
        self._heads(decoder)

    def _add_to_maps(self, layer: TwoWayAttentionBlock, dense: torch.Tensor) -> None:
        """What the mask prompt's channels add to each of the photo's maps; "no mask" is in the maps."""
        change = dense.clone()
        change[-1] = 0
        to_image, to_tokens = layer.cross_attn_token_to_image, layer.cross_attn_image_to_token
        heads = to_image.num_heads

        def folded(projection: nn.Linear) -> torch.Tensor:
            return (change @ projection.weight.t()).reshape(len(change), heads, -1).transpose(0, 1)

        self.to_keys = Product(folded(to_image.k_proj).transpose(1, 2))
        self.to_values = Product(folded(to_image.v_proj))
        scale = 1 / math.sqrt(to_tokens.internal_dim // heads)
        self.to_queries = Product(folded(to_tokens.q_proj) * scale)

    def _upscaling(self, decoder: Any) -> None:
        """The transposed convolutions as products: rows of pixels → four times as many rows."""
        fine = self.fine = isinstance(decoder, FineMaskDecoder)
        up_8, norm = (decoder.up_8, decoder.norm_8) if fine else decoder.output_upscaling[:2]
        up_4 = decoder.up_4 if fine else decoder.output_upscaling[3]
        self.up_8, self.up_4 = (
            Product(up.weight.permute(0, 2, 3, 1).flatten(1), up.bias.repeat(4)) for up in (up_8, up_4)
        )
        self.norm_8 = Norm(norm)
        self.widths = (up_8.out_channels, up_4.out_channels)

    def _heads(self, decoder: Any) -> None:
        """The IoU head and the four hypernetworks as one MLP with a matrix each, padded to one width."""
        self.calibration = decoder.calibration
        mlps = [decoder.iou_prediction_head, *decoder.output_hypernetworks_mlps]
        depth = len(mlps[0].layers)
        if {len(mlp.layers) for mlp in mlps} != {depth}:
            raise ValueError("The IoU head and the hypernetworks differ in depth; the folded decoder takes one depth.")
        self.mlps = nn.ModuleList()
        width = int(decoder.transformer_dim)
        for i in range(depth):
            out = max(mlp.layers[i].out_features for mlp in mlps)
            matrix, bias = torch.zeros(len(mlps), width, out), torch.zeros(len(mlps), 1, out)
            for head, mlp in enumerate(mlps):
                layer = mlp.layers[i]
                matrix[head, : layer.in_features, : layer.out_features] = layer.weight.t()
                bias[head, 0, : layer.out_features] = layer.bias
            self.mlps.append(Product(matrix, bias))
            width = out

    def forward(  # type: ignore[no-untyped-def]
        self, features: dict[str, torch.Tensor], coords, labels, mask_input, has_mask
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """B prompts for one photo: coords (B, N, 2), labels (B, N), mask_input (B or 1, 1, G, G), has_mask (B or 1,)."""
        tokens = self.tokens(coords, labels)
        prompt = tokens
        mask = self.mask_prompt(mask_input, has_mask)
        pixels = features["image_embeddings"].flatten(2).transpose(1, 2)[:, None] + self.dense(mask)
        maps = None
        if self.split:
            maps = [
                features["photo_keys"] + self.to_keys.matrix @ mask.transpose(2, 3),
                features["photo_values"] + self.to_values(mask),
                features["photo_queries"] + self.to_queries(mask),
            ]
        for i, layer in enumerate(self.layers):
            tokens, pixels = layer(tokens, prompt, pixels, self.image_pe, maps if i == 0 else None)
        tokens = self.norm(tokens + self.to_pixels(tokens + prompt, pixels + self.image_pe, pixels))
        return self.masks(tokens, pixels, features)

    def tokens(self, coords: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The decoder's own tokens and the prompt's: (B, 1, 5 + N, dim)."""
        labels = labels[:, None, :, None]
        position = (coords[:, None] @ self.phase_of + self.phase_at).sin()
        given = position * (labels + 1).clamp(0, 1) + (labels == self.labels).float() @ self.meaning
        return torch.cat([labels[:, :, :1] * 0 + self.own_tokens, given], 2)

    def masks(
        self, tokens: torch.Tensor, pixels: torch.Tensor, features: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The transformer's tokens and pixels → logits (B, 4, G, G) and predicted IoU (B, 4)."""
        n = self.cells
        fine = self.up_8(pixels).reshape(-1, 1, 4 * n * n, self.widths[0])
        fine = fine + self.map("fine_8", features) if self.fine else fine
        fine = self.up_4(F.gelu(self.norm_8(fine))).reshape(-1, 1, 16 * n * n, self.widths[1])
        fine = F.gelu(fine + self.map("fine_4", features) if self.fine else fine)
        answer = tokens[:, 0, : len(self.own_tokens[0, 0]), None]
        for i, mlp in enumerate(self.mlps):
            answer = mlp(answer if i == 0 else F.relu(answer))
        kernels = answer[:, None, 1:, 0, : self.widths[1]]
        masks = kernels @ fine.transpose(2, 3)
        masks = masks.reshape(-1, 4, n, n, 2, 2, 2, 2).permute(0, 1, 2, 4, 6, 3, 5, 7).reshape(-1, 4, 4 * n, 4 * n)
        predicted = answer[:, 0, 0, :4]
        return masks, self.calibration(masks, predicted) if self.calibration else predicted

    def map(self, name: str, features: dict[str, torch.Tensor]) -> torch.Tensor:
        return features[name] if self.split else rows_of(features[name], self.cells)
