"""`PromptableModel`: image encoder + prompt encoder + mask decoder; `Promptable`: our student, with what rebuilds it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F
from segment_anything.modeling import PromptEncoder
from torch import nn

from export.models.decoder import FineMaskDecoder, PairedMaskDecoder
from export.models.encoder import build_encoder, normalise
from export.models.geometry import LOW_RES_STRIDE

EMBEDDING_STRIDE = 16
SAM_MLP_DIM = 2048
RENAMED = {"judged": "calibrated"}


@dataclass(frozen=True)
class Config:
    """What a checkpoint needs besides weights. `input_size` is the long side of the photo, in pixels.

    `fine_8` and `fine_4` are the channels of the finer maps; with both 0 the decoder is SAM's own, `calibrated` or not
    (see decoder.py); a decoder with finer maps always is.
    """

    backbone: str = "mobilenetv4_conv_small"
    dim: int = 128
    fine_8: int = 64
    fine_4: int = 32
    input_size: int = 320
    calibrated: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Config":
        """The config that a checkpoint holds; earlier ones call `calibrated` `judged`."""
        return cls(**{RENAMED.get(name, name): value for name, value in content.items()})


class PromptableModel(nn.Module):
    """Tap, box and mask prompts in, four low-res masks with predicted IoU out. Subclasses say what the parts are made of."""

    input_size: int

    def __init__(self, image_encoder: nn.Module, prompt_encoder: PromptEncoder, mask_decoder: nn.Module) -> None:
        super().__init__()
        self.image_encoder, self.prompt_encoder, self.mask_decoder = image_encoder, prompt_encoder, mask_decoder

    def set_input_size(self, input_size: int) -> None:
        """Change the square model frame (nothing learnt depends on it); a multiple of 32."""
        if input_size % 32:
            raise ValueError(f"Input size {input_size} is not a multiple of 32.")
        self.input_size = input_size
        cells, grid = input_size // EMBEDDING_STRIDE, input_size // LOW_RES_STRIDE
        self.prompt_encoder.image_embedding_size = (cells, cells)
        self.prompt_encoder.input_image_size = (input_size, input_size)
        self.prompt_encoder.mask_input_size = (grid, grid)

    def encode(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 3, H, W) RGB 0…255 with max(H, W) = input size → the encoder's maps. Normalises, then pads to a square."""
        height, width = image.shape[-2:]
        padded = F.pad(normalise(image), (0, self.input_size - width, 0, self.input_size - height))
        return self.image_encoder(padded)

    def decode(
        self,
        features: dict[str, torch.Tensor],
        coords: torch.Tensor,
        labels: torch.Tensor,
        mask_input: torch.Tensor,
        has_mask: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Answer one prompt per embedding.

        coords (B, N, 2) in the model frame; labels (B, N): 1 foreground, 0 background, 2/3 box corners, −1 padding;
        mask_input (B, 1, G, G) low-res logits, used where has_mask (B,) is 1. Returns (B, 4, G, G) and (B, 4).
        """
        sparse = embed_points(self.prompt_encoder, coords, labels)
        dense = embed_mask(self.prompt_encoder, mask_input, has_mask)
        return self.mask_decoder(features, self.prompt_encoder.get_dense_pe(), sparse, dense)


class Promptable(PromptableModel):
    """A student: any timm backbone, with a narrower decoder that sees the encoder's finer maps, or with SAM's own."""

    def __init__(self, config: Config) -> None:
        fine_dims = (config.fine_8, config.fine_4)
        if any(fine_dims) and not all(fine_dims):
            raise ValueError(f"Finer maps of {fine_dims} channels: give both, or neither (0 and 0).")
        super().__init__(
            build_encoder(config.backbone, config.dim, fine_dims),
            PromptEncoder(
                embed_dim=config.dim,
                image_embedding_size=(1, 1),
                input_image_size=(1, 1),
                mask_in_chans=16,
            ),
            FineMaskDecoder(config.dim, fine_dims)
            if all(fine_dims)
            else PairedMaskDecoder(config.dim, heads=8, mlp_dim=SAM_MLP_DIM, calibrated=config.calibrated),
        )
        self.config = config
        self.set_input_size(config.input_size)


def embed_points(encoder: PromptEncoder, coords: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Points (B, N, 2), labels (B, N) → tokens (B, N, dim), by arithmetic on the labels.

    The package selects by boolean indexing, which cannot be traced for export; the sums here are the same.
    """
    size = coords.new_tensor([encoder.input_image_size[1], encoder.input_image_size[0]])
    embedding = encoder.pe_layer._pe_encoding((coords + 0.5) / size)
    labels = labels[..., None]
    embedding = embedding * (labels != -1).to(embedding.dtype)
    embedding = embedding + encoder.not_a_point_embed.weight * (labels == -1).to(embedding.dtype)
    for i, learnt in enumerate(encoder.point_embeddings):
        embedding = embedding + learnt.weight * (labels == i).to(embedding.dtype)
    return embedding


def embed_mask(encoder: PromptEncoder, mask_input: torch.Tensor, has_mask: torch.Tensor) -> torch.Tensor:
    """Mask prompt (B, 1, G, G) → dense embedding (B, dim, h, w); the learnt "no mask" where has_mask (B,) is 0."""
    has = has_mask.view(-1, 1, 1, 1)
    absent = encoder.no_mask_embed.weight.view(1, -1, 1, 1)
    return has * encoder.mask_downscaling(mask_input) + (1 - has) * absent
