"""SAM's mask decoder with all four tokens returned and one prompt per embedding, and one that adds the encoder's finer maps."""

import torch
from segment_anything.modeling import MaskDecoder, TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from torch import nn


class Calibration(nn.Module):
    """Calibrates the predicted IoU: a weighted sum of SAM's head and of the certainty of the mask itself.

    The head predicts before the masks are computed, so it cannot know that one of them has uncertain pixels. `weights` are those
    of the head's prediction, of the mean probability of a mask's pixels, and a constant; untrained, the head's prediction
    passes unchanged.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor([1.0, 0.0, 0.0]))

    def forward(self, masks: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
        """Logits (B, 4, G, G) and the head's predictions (B, 4) → predicted IoU (B, 4). No gradient reaches the masks."""
        return self.weights[0] * predicted + self.weights[1] * self.certainty(masks) + self.weights[2]

    def certainty(self, masks: torch.Tensor) -> torch.Tensor:
        """Logits (B, 4, G, G) → mean probability of each mask's own pixels (B, 4), 0 for an empty mask."""
        masks = masks.detach().float()  # half precision is too coarse for sums over thousands of pixels
        inside = (masks > 0).float()
        return (masks.sigmoid() * inside).sum((2, 3)) / inside.sum((2, 3)).clamp(min=1)


class PairedMaskDecoder(MaskDecoder):
    """`segment_anything`'s MaskDecoder for a batch in which every embedding has its own prompt, or one has them all.

    With `calibrated`, its predicted IoU goes through a `Calibration`.
    """

    def __init__(self, dim: int, heads: int, mlp_dim: int, calibrated: bool = False) -> None:
        super().__init__(
            transformer_dim=dim,
            transformer=TwoWayTransformer(depth=2, embedding_dim=dim, num_heads=heads, mlp_dim=mlp_dim),
            iou_head_hidden_dim=dim,
        )
        self.calibration = Calibration() if calibrated else None
        self.register_load_state_dict_pre_hook(_fill_in_calibration)

    def forward(
        self, features: dict[str, torch.Tensor], image_pe: torch.Tensor, sparse: torch.Tensor, dense: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Decode one prompt per embedding, or many prompts for one.

        features: the encoder's maps, each with batch B or 1; image_pe: (1, dim, h, w); sparse: (B, N, dim) prompt tokens;
        dense: (B or 1, dim, h, w) mask prompt. Returns low-res logits (B, 4, 4h, 4w) and predicted IoU (B, 4).
        """
        output_tokens = torch.cat([self.iou_token.weight, self.mask_tokens.weight])
        tokens = torch.cat([output_tokens.expand(sparse.shape[0], -1, -1), sparse], dim=1)
        source = (features["image_embeddings"] + dense).expand(len(sparse), -1, -1, -1)
        batch, dim, height, width = source.shape
        hidden, source = self.transformer(source, image_pe.expand(batch, -1, -1, -1), tokens)
        fine = self.upscale(source.transpose(1, 2).reshape(batch, dim, height, width), features)
        kernels = torch.stack([mlp(hidden[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = (kernels @ fine.flatten(2)).reshape(batch, -1, fine.shape[2], fine.shape[3])
        predicted = self.iou_prediction_head(hidden[:, 0])
        return masks, self.calibration(masks, predicted) if self.calibration else predicted

    def upscale(self, source: torch.Tensor, features: dict[str, torch.Tensor]) -> torch.Tensor:
        """(B, dim, h, w) → (B, channels, 4h, 4w), of which each mask is a weighted sum."""
        return self.output_upscaling(source)


class FineMaskDecoder(PairedMaskDecoder):
    """SAM's decoder at width `dim`, upsampling through `fine_dims` channels at strides 8 and 4; always calibrated."""

    def __init__(self, dim: int, fine_dims: tuple[int, int], heads: int = 8) -> None:
        super().__init__(dim, heads, mlp_dim=4 * dim, calibrated=True)
        self.up_8 = nn.ConvTranspose2d(dim, fine_dims[0], 2, stride=2)
        self.norm_8 = LayerNorm2d(fine_dims[0])
        self.up_4 = nn.ConvTranspose2d(fine_dims[0], fine_dims[1], 2, stride=2)
        self.activation = nn.GELU()
        del self.output_upscaling
        for mlp in self.output_hypernetworks_mlps:
            mlp.layers[-1] = nn.Linear(dim, fine_dims[1])

    def upscale(self, source: torch.Tensor, features: dict[str, torch.Tensor]) -> torch.Tensor:
        fine = self.activation(self.norm_8(self.up_8(source) + features["fine_8"]))
        return self.activation(self.up_4(fine) + features["fine_4"])


def _fill_in_calibration(decoder: PairedMaskDecoder, weights: dict[str, torch.Tensor], prefix: str, *_: object) -> None:
    """Fill in default calibration weights for checkpoints without; take those that were saved as `judge`, their earlier name."""
    if decoder.calibration is not None:
        default = decoder.calibration.weights.detach().clone()
        weights.setdefault(f"{prefix}calibration.weights", weights.pop(f"{prefix}judge.weights", default))
