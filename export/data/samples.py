"""`Sample` and where it comes from: tar shards in the WebDataset convention, or a folder of the same files.

A sample is `<key>.<photo ending>` with `<key>.png` and, where masks overlap, `<key>.1.png`, `<key>.2.png`, … Each PNG holds
object ids (uint8): 0 = nothing labelled here, every other value one mask. Shards are indexed once and read by
offset, so that samples can be drawn at random without unpacking them.
"""

import glob
import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from PIL import Image

PHOTO_ENDINGS = (".webp", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Sample:
    """One photo (H, W, 3) uint8 RGB with its layers of object ids, each (H, W) uint8."""

    key: str
    photo: np.ndarray
    layers: tuple[np.ndarray, ...]

    def masks(self) -> Iterator[np.ndarray]:
        """Yield every mask as (H, W) bool."""
        for layer in self.layers:
            for object_id in np.unique(layer):
                if object_id:
                    yield layer == object_id


class SampleError(click.ClickException):
    """A photo, mask, shard or folder that cannot be read; the message names it."""


@dataclass(frozen=True)
class _Part:
    """A file inside a shard (offset, size) or on its own (offset 0, size −1)."""

    path: str
    offset: int
    size: int

    def read(self) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


class Samples(Sequence[Sample]):
    """A sequence of samples from one or more shards, folders, or glob patterns of them."""

    def __init__(self, sources: Sequence[str | Path]) -> None:
        self._entries: list[tuple[str, _Part, list[_Part]]] = []
        for source in sources:
            paths = sorted(glob.glob(str(source)))
            if not paths:
                raise SampleError(f"No data at {source}: give a .tar shard, a folder, or a pattern that matches some.")
            for path in paths:
                self._entries += _index(Path(path))

    def __len__(self) -> int:
        return len(self._entries)

    def identity(self, index: int) -> str:
        """The same for every mention of one photo, however often its shard is named."""
        key, photo, _ = self._entries[index]
        return f"{key} {photo.path} {photo.offset}"

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        key, photo, layers = self._entries[index]
        try:
            rgb = np.asarray(Image.open(io.BytesIO(photo.read())).convert("RGB"))
            ids = tuple(np.asarray(Image.open(io.BytesIO(part.read()))) for part in layers)
        except OSError as error:
            raise SampleError(f"Cannot read sample {key} of {photo.path}: {error}") from error
        for layer in ids:
            if layer.shape != rgb.shape[:2]:
                raise SampleError(f"Sample {key} of {photo.path}: mask is {layer.shape}, photo is {rgb.shape[:2]}.")
        return Sample(key, rgb, ids)


def name_of(source: str | Path) -> str:
    """Name a data set after its shard or folder: `…/duts-te-000.tar` → `duts-te`."""
    stem = Path(source).name.removesuffix(".tar")
    head, _, tail = stem.rpartition("-")
    return head if head and (tail.isdigit() or "*" in tail) else stem


def _index(path: Path) -> list[tuple[str, _Part, list[_Part]]]:
    parts = _folder_parts(path) if path.is_dir() else _shard_parts(path)
    groups: dict[str, dict[str, _Part]] = {}
    for name, part in parts:
        folder, _, base = name.rpartition("/")
        key, _, ending = base.partition(".")
        groups.setdefault(f"{folder}/{key}" if folder else key, {})["." + ending.lower()] = part
    entries = []
    for key, files in groups.items():
        photo = next((files[e] for e in PHOTO_ENDINGS if e in files), None)
        layers = [files[e] for e in sorted(files, key=lambda e: (len(e), e)) if e.endswith(".png")]
        if photo and layers:
            entries.append((key, photo, layers))
    if not entries:
        raise SampleError(f"{path} holds no sample: expected <key>.webp or .jpg beside <key>.png.")
    return entries


def _shard_parts(path: Path) -> list[tuple[str, _Part]]:
    try:
        with tarfile.open(path) as tar:
            return [(m.name, _Part(str(path), m.offset_data, m.size)) for m in tar if m.isfile()]
    except (OSError, tarfile.TarError) as error:
        raise SampleError(f"Cannot read shard {path}: {error}. Is the download complete?") from error


def _folder_parts(path: Path) -> list[tuple[str, _Part]]:
    files = (p for p in sorted(path.rglob("*")) if p.is_file())
    return [(p.relative_to(path).as_posix(), _Part(str(p), 0, -1)) for p in files]
