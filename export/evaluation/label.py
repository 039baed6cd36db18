"""`label`: a teacher's automatic masks of small things, as a shard to train on.

Photos with few outlined objects teach a student little about small ones. What the teacher finds there by itself is a
label like any other: `finetune --target truth` mixes such a shard with the outlined photos.
"""

import io
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.data.parts import SampleError
from export.data.samples import ShardDataset, readable
from export.data.shards import add_sample
from export.errors import ExportError
from export.evaluation import everything
from export.files import write_whole
from export.messages import say
from export.models.predictor import Photo, Predictor

IDS = 255  # that a layer of ids can hold
COVERED = 0.1  # of a mask may lie under those that were kept before it


@dataclass(frozen=True)
class Wanted:
    """Which masks are labels: their share of the photo, and the least number of them a photo must have."""

    min_share: float
    max_share: float
    min_masks: int


def labels(masks: Iterable[np.ndarray], shape: tuple[int, int], wanted: Wanted) -> np.ndarray:
    """Ids (H, W) uint8 of the masks (H, W) bool of the wanted size that hardly overlap an earlier one; 0 elsewhere."""
    ids, number = np.zeros(shape, np.uint8), 0
    for mask in masks:
        if number == IDS or not wanted.min_share < mask.mean() < wanted.max_share:
            continue
        if (ids[mask] > 0).mean() <= COVERED:
            number += 1
            ids[mask & (ids == 0)] = number
    return ids


def label(
    predictor: Predictor,
    data: tuple[str, ...],
    out: Path,
    limit: int | None,
    settings: everything.Settings,
    wanted: Wanted,
    seed: int,
) -> None:
    """Write a shard of photos drawn from `data`, with the model's own masks of small things as their objects."""
    samples, unread = ShardDataset(data, skip=True), list[str]()
    drawn = np.random.default_rng(seed).permutation(len(samples))[:limit]
    buffer, photos, objects = io.BytesIO(), 0, 0
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for index, sample in readable(samples, tqdm(drawn.tolist(), desc="label", unit="photo"), unread):
            found = everything.find(Photo(predictor, sample.photo), settings)
            ids = labels(found.masks(), sample.photo.shape[:2], wanted)
            if ids.max() >= wanted.min_masks:
                add_sample(tar, f"{index:06}", sample.photo, [ids])
                photos, objects = photos + 1, objects + int(ids.max())
    if len(unread) == len(drawn):
        raise SampleError(f"None of {len(drawn)} photos can be read. First: {unread[0]}")
    if not photos:
        raise ExportError(
            "The model found too few small things in any photo: lower --predicted-iou, --stability or --min-masks."
        )
    write_whole(out, buffer.getvalue())
    say(f"Wrote {out} ({photos} of {len(drawn)} photos, {objects} objects).")
