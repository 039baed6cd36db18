"""`Sample` and where it comes from: tar shards in the WebDataset convention, or a folder of the same files.

A sample is `<key>.<photo ending>` with `<key>.png` and, where masks overlap, `<key>.1.png`, `<key>.2.png`, … Each PNG holds
object ids (uint8): 0 = nothing labelled here, every other value one mask; what other tools write is taken too (masks.py). Masks
belong to the photo as it is seen, turned as its EXIF says. `<key>.ignore.png`, where there is one, is not 0 where
no answer counts as wrong (label −1 of other tools). Shards are indexed once and read by offset, so that samples can be drawn
at random without unpacking them.
"""

import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.data import parts
from export.data.decoded import PHOTO_ENDINGS, decode_photo
from export.data.masks import check_size, decode_mask
from export.data.parts import Part, SampleError

IGNORE_ENDING = ".ignore.png"


@dataclass(frozen=True)
class Entry:
    """The files of one sample."""

    key: str
    photo: Part
    layers: list[Part]
    ignore: Part | None


@dataclass(frozen=True)
class Sample:
    """One photo (H, W, 3) uint8 RGB with its layers of object ids, each (H, W) uint8."""

    key: str
    photo: np.ndarray
    layers: tuple[np.ndarray, ...]
    ignore: np.ndarray | None = None  # (H, W) bool: pixels that do not count

    def masks(self) -> Iterator[np.ndarray]:
        """Yield every mask as (H, W) bool."""
        for layer in self.layers:
            for object_id in np.unique(layer):
                if object_id:
                    yield layer == object_id


class ShardDataset(Sequence[Sample]):
    """A sequence of samples from one or more shards, folders, or glob patterns of them.

    A shard that cannot be read is an error; with `skip` it is reported once, kept in `broken`, and what can be read of it
    is used. See `readable` for skipping single samples.
    """

    def __init__(self, sources: Sequence[str | Path], skip: bool = False) -> None:
        self._entries: list[Entry] = []
        self.broken: list[str] = []
        for source in sources:
            paths = sorted(glob.glob(str(source)))
            if not paths:
                raise SampleError(f"No data at {source}: give a .tar shard, a folder, or a pattern that matches some.")
            for path in paths:
                self._entries += _index(Path(path), self.broken if skip else None)
        if not self._entries:
            raise SampleError(f"Nothing can be read of {', '.join(map(str, sources))}: {' '.join(self.broken)}")

    def __len__(self) -> int:
        return len(self._entries)

    def identity(self, index: int) -> str:
        """The same for every mention of one photo, however often its shard is named."""
        entry = self._entries[index]
        return f"{entry.key} {entry.photo.path} {entry.photo.offset}"

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        entry = self._entries[index]
        key, path = entry.key, entry.photo.path
        try:
            rgb, stored = decode_photo(entry.photo.read(), f"{key} of {path}")
            layers = tuple(layer for part in entry.layers for layer in _mask(part, rgb, stored))
            ignored = [layer > 0 for layer in _mask(entry.ignore, rgb, stored)] if entry.ignore else []
        except SampleError as error:
            raise SampleError(f"Cannot read sample {key} of {path}: {error.message}") from error
        return Sample(key, rgb, layers, np.logical_or.reduce(ignored) if ignored else None)


def _mask(part: Part, photo: np.ndarray, stored: tuple[int, int]) -> tuple[np.ndarray, ...]:
    found = decode_mask(part.read(), str(part))
    check_size(found.layers[0], str(part), photo, stored)
    return found.layers


def readable(samples: ShardDataset, indices: Iterable[int], skipped: list[str]) -> Iterator[tuple[int, Sample]]:
    """Walk over samples; those that cannot be read are named on stderr and in `skipped`, and left out."""
    for index in indices:
        try:
            sample = samples[index]
        except SampleError as error:
            parts.report(error, skipped)
        else:
            yield index, sample


def grouped(sources: Sequence[str]) -> dict[str, list[str]]:
    """Group shards by dataset, even if one pattern matches several: {dataset name: sources}."""
    groups: dict[str, list[str]] = {}
    for source in sources:
        for path in sorted(glob.glob(source)) or [
            source
        ]:  # what matches nothing is for `ShardDataset` to complain about
            groups.setdefault(name_of(path), []).append(path)
    return groups


def name_of(source: str | Path) -> str:
    """Name a dataset after its shard or folder: `…/duts-te-000.tar` → `duts-te`."""
    stem = Path(source).name.removesuffix(".tar")
    head, _, tail = stem.rpartition("-")
    return head if head and (tail.isdigit() or "*" in tail) else stem


def _index(path: Path, broken: list[str] | None) -> list[Entry]:
    try:
        return _entries(path, parts.grouped(path, broken))
    except SampleError as error:
        if broken is None:
            raise
        parts.report(error, broken)
        return []


def _entries(path: Path, groups: dict[str, dict[str, Part]]) -> list[Entry]:
    entries = []
    for key, files in groups.items():
        photo = next((files[e] for e in PHOTO_ENDINGS if e in files), None)
        layers = [
            files[e] for e in sorted(files, key=lambda e: (len(e), e)) if e.endswith(".png") and e != IGNORE_ENDING
        ]
        if photo and layers:
            entries.append(Entry(key, photo, layers, files.get(IGNORE_ENDING)))
    if not entries:
        raise SampleError(
            f"{path} holds no sample: expected <key>.png beside a photo, <key> with one of {' '.join(PHOTO_ENDINGS)}."
        )
    return entries
