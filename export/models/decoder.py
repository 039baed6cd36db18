"""SAM's mask decoder with all four tokens returned, one prompt per embedding, and the encoder's finer maps added."""

import torch
from segment_anything.modeling import MaskDecoder, TwoWayTransformer
from segment_anything.modeling.common import LayerNorm2d
from torch import nn


class FineMaskDecoder(MaskDecoder):
    """`segment_anything`'s MaskDecoder at width `dim`, upsampling through `fine_dims` channels at strides 8 and 4."""

    def __init__(self, dim: int, fine_dims: tuple[int, int], heads: int = 8) -> None:
        super().__init__(
            transformer_dim=dim,
            transformer=TwoWayTransformer(depth=2, embedding_dim=dim, num_heads=heads, mlp_dim=4 * dim),
            iou_head_hidden_dim=dim,
        )
        self.up_8 = nn.ConvTranspose2d(dim, fine_dims[0], 2, stride=2)
        self.norm_8 = LayerNorm2d(fine_dims[0])
        self.up_4 = nn.ConvTranspose2d(fine_dims[0], fine_dims[1], 2, stride=2)
        self.activation = nn.GELU()
        del self.output_upscaling
        for mlp in self.output_hypernetworks_mlps:
            mlp.layers[-1] = nn.Linear(dim, fine_dims[1])

    def forward(
        self, features: dict[str, torch.Tensor], image_pe: torch.Tensor, sparse: torch.Tensor, dense: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Decode one prompt per embedding.

        features: the encoder's maps, each with batch B; image_pe: (1, dim, h, w); sparse: (B, N, dim) prompt tokens;
        dense: (B, dim, h, w) mask prompt. Returns low-res logits (B, 4, 4h, 4w) and predicted IoU (B, 4).
        """
        output_tokens = torch.cat([self.iou_token.weight, self.mask_tokens.weight])
        tokens = torch.cat([output_tokens.expand(sparse.shape[0], -1, -1), sparse], dim=1)
        source = features["image_embeddings"] + dense
        batch, dim, height, width = source.shape
        hidden, source = self.transformer(source, image_pe.expand(batch, -1, -1, -1), tokens)
        source = source.transpose(1, 2).reshape(batch, dim, height, width)
        fine = self.activation(self.norm_8(self.up_8(source) + features["fine_8"]))
        fine = self.activation(self.up_4(fine) + features["fine_4"])
        kernels = torch.stack([mlp(hidden[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = (kernels @ fine.flatten(2)).reshape(batch, -1, fine.shape[2], fine.shape[3])
        return masks, self.iou_prediction_head(hidden[:, 0])
