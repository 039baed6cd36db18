"""MobileSAM's architecture (arXiv 2306.14289), and loading the official checkpoint onto it.

timm's TinyViT (see tiny_vit.py) computes what the official encoder does under other names: there, a downsampling closes the
stage before it; here, it opens the stage after it.
"""

import re
from collections.abc import Mapping

import torch
from segment_anything.modeling import PromptEncoder
from torch import nn

from export.models.decoder import PairedMaskDecoder
from export.models.official import check_keys
from export.models.promptable import PromptableModel
from export.models.tiny_vit import DIM, TinyVitEncoder

INPUT_SIZE = 1024
UNUSED = re.compile(  # the classification head, tables that the architecture implies, and counters of training steps
    r"image_encoder\.(norm_head|head)\.|attention_bias_idxs$|num_batches_tracked$"
)


class MobileSam(PromptableModel):
    """TinyViT at 1024 pixels with SAM's own prompt encoder and mask decoder; random weights until some are loaded."""

    def __init__(self) -> None:
        prompt_encoder = PromptEncoder(
            embed_dim=DIM, image_embedding_size=(1, 1), input_image_size=(1, 1), mask_in_chans=16
        )
        super().__init__(TinyVitEncoder(), prompt_encoder, PairedMaskDecoder(DIM, heads=8, mlp_dim=2048))
        self.set_input_size(INPUT_SIZE)

    def load_official(self, weights: Mapping[str, torch.Tensor], attention_biases: bool = True) -> None:
        """Load a state dict with the official checkpoint's keys (`mobile_sam.pt`).

        `attention_biases=False` leaves TinyViT's position biases at zero. The official `build_sam_vit_t` does so by accident:
        it calls `eval()`, which gathers the biases, and loads the weights after that, so that they count only once
        somebody calls `eval()` again (as the official README does).

        Raises ValueError that names what is missing, unexpected or of another shape; the model is unchanged then.
        """
        checked = check_keys(self, weights, UNUSED, "MobileSAM", our_name, official_name)
        self.load_state_dict(checked, strict=False)
        if not attention_biases:
            for name, parameter in self.named_parameters():
                if name.endswith(".attention_biases"):
                    nn.init.zeros_(parameter)
        self.train(self.training)  # drops the attention biases that timm computed from the old weights


def our_name(key: str) -> str:
    """A parameter's official name → its name in `MobileSam`."""
    key = re.sub(r"^image_encoder\.(patch_embed|layers)\.", r"image_encoder.body.\1.", key)
    key = re.sub(r"\.patch_embed\.seq\.([02])\.", lambda m: f".patch_embed.conv{1 + int(m[1]) // 2}.", key)
    key = re.sub(r"\.layers\.(\d)\.downsample\.", lambda m: f".stages.{int(m[1]) + 1}.downsample.", key)
    return key.replace(".body.layers.", ".body.stages.").replace(".c.weight", ".conv.weight")


def official_name(name: str) -> str:
    """The inverse of `our_name`."""
    name = name.replace(".body.", ".").replace(".conv.weight", ".c.weight")
    name = re.sub(r"\.patch_embed\.conv([12])\.", lambda m: f".patch_embed.seq.{2 * int(m[1]) - 2}.", name)
    name = re.sub(r"\.stages\.(\d)\.downsample\.", lambda m: f".layers.{int(m[1]) - 1}.downsample.", name)
    return re.sub(r"^image_encoder\.stages\.", "image_encoder.layers.", name)
