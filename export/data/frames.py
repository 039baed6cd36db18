"""Photos in the model's frame, just as inference sees them: letterboxed, the rest padding. In batches."""

import numpy as np
import torch

from export.models.encoder import MEAN
from export.models.geometry import LOW_RES_STRIDE, Letterbox


def letterboxed(photo: np.ndarray, input_size: int, flip: bool = False) -> dict[str, np.ndarray]:
    """A photo (H, W, 3) → image (S, S, 3) uint8, at the top left, and size (2,): its height and width in the frame."""
    resized = Letterbox(photo.shape[1], photo.shape[0], input_size).resize(photo[:, ::-1] if flip else photo)
    height, width = resized.shape[:2]
    image = np.zeros((input_size, input_size, 3), np.uint8)
    image[:height, :width] = resized
    return {"image": image, "size": np.array([height, width], np.int64)}


def inside(size: torch.Tensor, stride: int, cells: int) -> torch.Tensor:
    """Sizes (B, 2) in model pixels → (B, cells, cells) bool: the cells of a map of this stride that show some photo."""
    reach = -(-size // stride)
    at = torch.arange(cells, device=size.device)
    return (at[None, :, None] < reach[:, :1, None]) & (at[None, None, :] < reach[:, 1:, None])


def low_res_inside(size: torch.Tensor, input_size: int) -> torch.Tensor:
    """`inside` for low-res masks: (B, G, G)."""
    return inside(size, LOW_RES_STRIDE, input_size // LOW_RES_STRIDE)


def pixels(image: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """Images (B, H, W, 3) uint8 of sizes (B, 2) → (B, 3, H, W) float, whose padding is 0 once it is normalised.

    `PromptableModel.encode` pads after normalising, which a batch of photos of several shapes cannot do; pixels of the very
    mean come out as the same zeros.
    """
    mean = torch.tensor(MEAN, device=image.device)
    height, width = image.shape[1:3]
    photo = inside(size, 1, max(height, width))[:, :height, :width, None]
    return torch.where(photo, image.float(), mean).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
