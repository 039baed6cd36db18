"""What a picture that is transparent in places is laid on; the page follows the same rule (web/src/engine/core/background.ts)."""

import numpy as np


def on_background(pixels: np.ndarray) -> np.ndarray:
    """Lay RGBA (H, W, 4) uint8 on a background: (H, W, 3) uint8; RGB is returned as it is.

    The background is the one of black and white that is farther from what can be seen, on average: a black drawing goes on white.
    Where nothing can be seen at all, it is black.
    """
    if pixels.shape[2] == 3:
        return pixels
    colour, alpha = pixels[..., :3].astype(np.uint32), pixels[..., 3:].astype(np.uint32)
    opacity = int(alpha.sum(dtype=np.uint64))
    light = int((alpha * colour).sum(dtype=np.uint64))
    background = 255 if opacity and 2 * light < 3 * 255 * opacity else 0
    return ((2 * (colour * alpha + background * (255 - alpha)) + 255) // 510).astype(np.uint8)
