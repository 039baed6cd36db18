"""Coordinates shared with `web/src/engine/core/geometry.ts`: photo ↔ model frame ↔ low-res logits (see docs/architecture.md)."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

LOW_RES_STRIDE = 4  # one low-res logit covers 4 × 4 model pixels, as in SAM
MARGIN = 32  # pixels of empty space that the photo's last cells get to see, where the square is not encoded whole


@dataclass(frozen=True)
class Letterbox:
    """Where a photo of `width` × `height` lies in the square model frame: at its top left, `new_width` × `new_height`."""

    width: int
    height: int
    input_size: int

    @property
    def scale(self) -> float:
        return self.input_size / max(self.width, self.height)

    @property
    def new_width(self) -> int:
        return max(1, int(self.width * self.scale + 0.5))

    @property
    def new_height(self) -> int:
        return max(1, int(self.height * self.scale + 0.5))

    @property
    def grid(self) -> int:
        """Side of the square low-res logit grid."""
        return self.input_size // LOW_RES_STRIDE

    def to_model(self, points: np.ndarray) -> np.ndarray:
        """Map photo pixels (…, 2) as x, y into the model frame; SAM's `ResizeLongestSide.apply_coords`."""
        factors = np.array([self.new_width / self.width, self.new_height / self.height])
        return (np.asarray(points, np.float64) * factors).astype(np.float32)

    def resize(self, photo: np.ndarray) -> np.ndarray:
        """Resize an RGB uint8 photo (H, W, 3) to (new_height, new_width, 3), anti-aliased.

        In two calls, because Pillow picks the order of its passes by the photo's shape, and rounds between them.
        """
        filters = Image.Resampling.BILINEAR
        rows = Image.fromarray(photo).resize((self.new_width, self.height), filters)
        return np.asarray(rows.resize((self.new_width, self.new_height), filters))

    def upsample(self, low_res: torch.Tensor) -> torch.Tensor:
        """Read low-res logits (N, G, G) at the photo's own resolution: (N, height, width), one bilinear step.

        SAM resizes twice (to the model frame, then to the photo); one step gives the same within rounding and
        needs no intermediate, which matters for a 48-megapixel photo on a phone.
        """
        u = (torch.arange(self.width) + 0.5) * (self.new_width / self.width) * 2 / self.input_size - 1
        v = (torch.arange(self.height) + 0.5) * (self.new_height / self.height) * 2 / self.input_size - 1
        grid = torch.stack(torch.meshgrid(v, u, indexing="ij")[::-1], dim=-1)
        return F.grid_sample(
            low_res.float()[None], grid[None], mode="bilinear", padding_mode="border", align_corners=False
        )[0]
