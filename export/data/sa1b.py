"""SA-1B in its own layout: tar shards (or folders) of `sa_<number>.jpg` with `sa_<number>.json`, masks as COCO run lengths.

The JSON holds `image` with `width` and `height`, and `annotations`, each with a `segmentation` of `size` [height, width] and
`counts`. Masks overlap (whole, part, part of a part), so they are laid into as many layers as they need.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from export.data import rle
from export.data.decoded import decode_photo
from export.data.masks import check_size
from export.data.parts import Part, SampleError, grouped
from export.data.samples import Sample

MAX_IDS = 255  # a layer is uint8, and 0 is no object


class Sa1bDataset(Sequence[Sample]):
    """A sequence of samples from SA-1B's shards or folders."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._entries: list[tuple[str, Part, Part]] = []
        for path in paths:
            pairs = [(key, files) for key, files in grouped(path).items() if ".jpg" in files and ".json" in files]
            if not pairs:
                raise SampleError(f"{path} holds no sample of SA-1B: expected sa_<number>.jpg beside sa_<number>.json.")
            self._entries += [(key, files[".jpg"], files[".json"]) for key, files in pairs]

    def __len__(self) -> int:
        return len(self._entries)

    def identity(self, index: int) -> str:
        """The same for every mention of one photo, however often its shard is named."""
        key, photo, _ = self._entries[index]
        return f"{key} {photo.path} {photo.offset}"

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        key, photo, record = self._entries[index]
        try:
            rgb, stored = decode_photo(photo.read(), f"{key} of {photo.path}")
            masks = [_mask(each["segmentation"]) for each in json.loads(record.read())["annotations"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SampleError(f"Cannot read sample {key} of {photo.path}: {type(error).__name__}: {error}") from error
        if not masks:
            raise SampleError(f"Sample {key} of {photo.path}: no annotations.")
        for number, mask in enumerate(masks):
            check_size(mask, f"{number} of {record}", rgb, stored)
        return Sample(key, rgb, layered(masks))


def layered(masks: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Lay boolean masks (H, W) into layers of object ids (H, W) uint8, the largest first, each where it overlaps nothing."""
    layers: list[np.ndarray] = []
    counts: list[int] = []
    for mask in sorted(masks, key=lambda m: -int(np.count_nonzero(m))):
        if not mask.any():
            continue
        free = (i for i, layer in enumerate(layers) if counts[i] < MAX_IDS and not layer[mask].any())
        place = next(free, len(layers))
        if place == len(layers):
            layers.append(np.zeros(mask.shape, np.uint8))
            counts.append(0)
        counts[place] += 1
        layers[place][mask] = counts[place]
    return tuple(layers)


def _mask(segmentation: dict) -> np.ndarray:
    height, width = segmentation["size"]
    counts = segmentation["counts"]
    return rle.mask(rle.runs(counts) if isinstance(counts, str) else counts, height, width)
