"""Golden values for the coordinate contract, which both test suites read.

The contract is written down in docs/architecture.md; this is a second, plain implementation of it (Pillow does the
resizing), so that neither side can drift alone. Run: python tests/golden/make_geometry.py
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

SIZES = [(640, 480), (480, 640), (333, 500), (1023, 767), (37, 411), (411, 37), (320, 320), (97, 64), (1, 900)]
INPUT_SIZES = [320, 1024]


def letterbox(width, height, input_size):
    scale = input_size / max(width, height)
    return max(1, int(np.floor(width * scale + 0.5))), max(1, int(np.floor(height * scale + 0.5)))


def picture(width, height):
    """Smooth ramps with hard edges in them: both tell a wrong filter from the right one."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * (3 + c) + y * 5 + ((x // 13 + y // 7) % 2) * 90) % 256).astype(np.uint8)


def resize(image, width, height):
    """Rows first: in one call, newer versions of Pillow begin with the columns of a narrow strip, which rounds differently."""
    return image.resize((width, image.height), Image.Resampling.BILINEAR).resize(
        (width, height), Image.Resampling.BILINEAR
    )


def self_test_picture(width, height):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((((x >> 4) * 37 + (y >> 4) * 101 + c * 53) * 29) % 256).astype(np.uint8)


def logit_grid(size):
    """Two blobs, one of them at the left edge; binary fractions, so that float32 holds every value exactly."""
    row, column = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    first = 0.0625 * size * size - (column - 0.5 * size) ** 2 - 1.5 * (row - 0.25 * size) ** 2
    second = 0.015625 * size * size - (column - 3) ** 2 - (row - 0.375 * size) ** 2
    return (np.maximum(first, second) + 0.27734375).astype(np.float32)


def sample_logits(grid, width, height, input_size):
    """Reads the grid at every pixel of the photo, in one bilinear step."""
    size = grid.shape[0]
    new_width, new_height = letterbox(width, height, input_size)

    def axis(length, new_length):
        at = np.clip((np.arange(length) + 0.5) * (new_length / length) / 4 - 0.5, 0, size - 1)
        low = np.minimum(np.floor(at).astype(int), size - 2)
        return low, at - low

    (x, fx), (y, fy) = axis(width, new_width), axis(height, new_height)
    grid = grid.astype(np.float64)
    top = grid[np.ix_(y, x)] * (1 - fx) + grid[np.ix_(y, x + 1)] * fx
    bottom = grid[np.ix_(y + 1, x)] * (1 - fx) + grid[np.ix_(y + 1, x + 1)] * fx
    return top * (1 - fy)[:, None] + bottom * fy[:, None]


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def bounds(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return [int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)]


def case(width, height, input_size):
    new_width, new_height = letterbox(width, height, input_size)
    points = [(0, 0), (width - 1, height - 1), (width // 3, height // 2), (width * 5 // 7, height // 5)]
    logits = sample_logits(logit_grid(input_size // 4), width, height, input_size)
    assert np.abs(logits).min() > 1e-9, "a pixel lies on the threshold: rounding would decide"
    mask = (logits > 0).astype(np.uint8)
    resized = np.asarray(resize(Image.fromarray(picture(width, height)), new_width, new_height))
    middle = (new_width // 2, new_height // 2)
    return {
        "width": width,
        "height": height,
        "input_size": input_size,
        "new_width": new_width,
        "new_height": new_height,
        "points": [{"image": [x, y], "model": [x * new_width / width, y * new_height / height]} for x, y in points],
        "logits": [{"image": [x, y], "value": float(logits[y, x])} for x, y in points],
        "mask": {"sha256": sha256(mask), "area": int(mask.sum()), "bounds": bounds(mask)},
        "resized": {"sha256": sha256(resized), "middle": resized[middle[1], middle[0]].tolist()},
    }


def main():
    golden = {
        "picture": "((x*(3+c) + y*5 + ((x//13 + y//7) % 2)*90) mod 256",
        "cases": [case(width, height, size) for size in INPUT_SIZES for width, height in SIZES],
        "self_test_pictures": [
            {"width": width, "height": height, "sha256": sha256(self_test_picture(width, height))}
            for width, height in [(320, 240), (240, 320), (511, 77)]
        ],
    }
    path = Path(__file__).with_name("geometry.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{path.name}: {len(golden['cases'])} cases")


if __name__ == "__main__":
    main()
