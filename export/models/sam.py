"""SAM (arXiv 2304.02643) with ViT-B, L or H, put together from `segment_anything`'s own parts, official keys and all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from segment_anything.modeling import ImageEncoderViT, PromptEncoder
from torch import nn

from export.models.decoder import PairedMaskDecoder
from export.models.official import check_keys
from export.models.promptable import PromptableModel

INPUT_SIZE = 1024
PATCH = 16
DIM = 256
UNUSED = re.compile(r"^pixel_(mean|std)$")  # some fine-tuned files carry them; here they are constants of `normalise`


@dataclass(frozen=True)
class Vit:
    """Hyperparameters of the ViT encoders. `input_size` is the long side that the position table is made for, in pixels."""

    width: int
    depth: int
    heads: int
    whole: tuple[int, ...]  # the blocks that attend to the whole photo, not to windows of 14 × 14 cells
    window: int = 14
    input_size: int = INPUT_SIZE


VITS = {  # as in segment_anything's build_sam
    "sam_vit_b": Vit(768, 12, 12, (2, 5, 8, 11)),
    "sam_vit_l": Vit(1024, 24, 16, (5, 11, 17, 23)),
    "sam_vit_h": Vit(1280, 32, 16, (7, 15, 23, 31)),
}


class VitEncoder(ImageEncoderViT):
    """`segment_anything`'s ViT encoder: (B, 3, S, S) → `image_embeddings` (B, 256, S/16, S/16), for other S than 1024 too."""

    def __init__(self, vit: Vit) -> None:
        super().__init__(
            img_size=vit.input_size,
            patch_size=PATCH,
            embed_dim=vit.width,
            depth=vit.depth,
            num_heads=vit.heads,
            out_chans=DIM,
            norm_layer=partial(nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=vit.window,
            global_attn_indexes=vit.whole,
        )

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        cells = self.patch_embed(image)
        cells = cells + self.positions(cells.shape[1], cells.shape[2])
        for block in self.blocks:
            cells = block(cells)
        return {"image_embeddings": self.neck(cells.permute(0, 3, 1, 2))}

    def positions(self, height: int, width: int) -> torch.Tensor:
        """The learnt positions (1, h, w, dim), interpolated where the frame is not the one they were learnt in."""
        table = self.pos_embed
        assert table is not None
        if (height, width) == tuple(table.shape[1:3]):
            return table
        resized = F.interpolate(table.permute(0, 3, 1, 2), size=(height, width), mode="bicubic", align_corners=False)
        return resized.permute(0, 2, 3, 1)


class Sam(PromptableModel):
    """SAM at 1024 pixels, with random weights; built under `torch.device("meta")` it takes no memory until some are loaded."""

    def __init__(self, vit: Vit, title: str = "SAM") -> None:
        prompt_encoder = PromptEncoder(
            embed_dim=DIM, image_embedding_size=(1, 1), input_image_size=(1, 1), mask_in_chans=16
        )
        super().__init__(VitEncoder(vit), prompt_encoder, PairedMaskDecoder(DIM, heads=8, mlp_dim=2048))
        self.title = title
        self.set_input_size(vit.input_size)

    def load_official(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Take over a state dict with the official checkpoint's keys; float32 tensors are shared with it, not copied.

        Raises ValueError that names what is missing, unexpected or of another shape; the model is unchanged then.
        """
        checked = check_keys(self, weights, UNUSED, self.title)
        self.load_state_dict({name: value.float() for name, value in checked.items()}, assign=True)
