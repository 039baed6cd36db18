"""Teacher embeddings on disk: fp16 shards (safetensors), each with a JSON file that says what it holds.

    cache.json             teacher (file, sha256), input size, photos, maps with their shapes
    embeddings-00000.safetensors   map name → (rows, channels, h, w) float16
    embeddings-00000.json  rows [[photo, CRC-32 of its file, flipped]…], skipped [[photo, why]…], bytes and sha256 of the shard

The JSON is written after its shard: a shard without one was cut short, and is made again.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from export.errors import ExportError
from export.files import write_json, write_whole

FORMAT = 1


class CacheError(ExportError):
    """Embeddings that are missing, damaged or of another teacher; the message says what to do."""


@dataclass(frozen=True)
class Meta:
    """What all shards of a cache share. `photos` is a digest of the photos' names, in order."""

    teacher: str
    teacher_sha256: str
    input_size: int
    flip: bool
    photos: str
    count: int
    shard: int
    maps: dict[str, list[int]]
    format: int = FORMAT

    @property
    def shards(self) -> int:
        return -(-self.count // self.shard)


def shard_path(folder: Path, number: int) -> Path:
    """The path of shard `number`."""
    return folder / f"embeddings-{number:05}.safetensors"


def write_meta(folder: Path, meta: Meta) -> None:
    """Write `cache.json`."""
    write_json(folder / "cache.json", asdict(meta))


def read_meta(folder: Path) -> Meta:
    """Read `cache.json`, or say how to make one."""
    try:
        content = json.loads((folder / "cache.json").read_text())
        if content.get("format") != FORMAT:
            raise CacheError(f"{folder} holds embeddings of format {content.get('format')}, not {FORMAT}; cache again.")
        return Meta(**content)
    except FileNotFoundError as error:
        raise CacheError(f"No embeddings in {folder}. Make some: python -m export cache --help") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CacheError(f"{folder / 'cache.json'} is not readable ({error}); delete it and cache again.") from error


def write_shard(
    folder: Path, number: int, maps: dict[str, torch.Tensor], rows: list[list[Any]], skipped: list[list[str]]
) -> None:
    """Write one shard whole, and after it the JSON file that makes it count."""
    content = safetensors.torch.save({name: value.contiguous() for name, value in maps.items()})
    path = shard_path(folder, number)
    try:
        write_whole(path, content)
        record = {
            "rows": rows,
            "skipped": skipped,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        write_json(path.with_suffix(".json"), record)
    except OSError as error:
        raise CacheError(
            f"Cannot write {path}: {error}. Nothing half-written is left; make room and run the same command again: "
            "finished shards are kept."
        ) from error


def read_record(folder: Path, number: int) -> dict[str, Any] | None:
    """Read the record of a finished shard; None if the shard is missing or unfinished."""
    path = shard_path(folder, number)
    try:
        record: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
        return record if path.stat().st_size == record["bytes"] else None
    except (OSError, ValueError, KeyError):
        return None


class Embeddings:
    """A finished cache, read by photo. Shards are mapped into memory, so that a row costs its own bytes only."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.meta = folder, read_meta(folder)
        self._row: dict[tuple[str, bool], tuple[int, int, int]] = {}
        missing = []
        for number in range(self.meta.shards):
            record = read_record(folder, number)
            if record is None:
                missing.append(shard_path(folder, number).name)
                continue
            for row, (photo, checksum, flipped) in enumerate(record["rows"]):
                self._row[photo, bool(flipped)] = (number, row, checksum)
        if missing:
            raise CacheError(
                f"{folder} lacks {len(missing)} of {self.meta.shards} shards ({', '.join(missing[:3])}…): "
                "run the same `cache` command again, it makes only these."
            )
        self._open: dict[int, Any] = {}

    def check_teacher(self, teacher: Path, sha256: str, input_size: int) -> None:
        """Refuse embeddings that another teacher computed, or this one at another size."""
        if self.meta.teacher_sha256 != sha256:
            raise CacheError(
                f"The embeddings in {self.folder} come from another teacher ({self.meta.teacher}, sha256 "
                f"{self.meta.teacher_sha256[:12]}…) than {teacher} ({sha256[:12]}…): give that --teacher, or cache this "
                f"one's into another folder: python -m export cache --teacher {teacher} --out OTHER --data …"
            )
        if self.meta.input_size != input_size:
            raise CacheError(
                f"The embeddings in {self.folder} are of {self.meta.input_size} px, not {input_size} px: "
                f"give --input-size {self.meta.input_size}, or cache again at {input_size} px."
            )

    def rows(self) -> Iterator[tuple[str, bool]]:
        """Iterate over all cached (photo, flipped) pairs."""
        return iter(self._row)

    def has(self, photo: str) -> bool:
        return (photo, False) in self._row

    def checksum(self, photo: str, flipped: bool) -> int:
        return self._row[photo, flipped][2]

    def read(self, photo: str, flipped: bool) -> dict[str, torch.Tensor]:
        """The maps of one photo, each (C, h, w) float16."""
        if (photo, flipped) not in self._row:
            raise CacheError(f"{self.folder} has no embedding of {photo}: cache the photos of this --data first.")
        number, row, _ = self._row[photo, flipped]
        if number not in self._open:
            try:
                self._open[number] = safetensors.safe_open(shard_path(self.folder, number), framework="pt")
            except (OSError, safetensors.SafetensorError) as error:
                raise CacheError(
                    f"Cannot read {shard_path(self.folder, number)}: {error}. Look for others with "
                    "`python -m export cache --check`, delete them, and cache again."
                ) from error
        return {name: self._open[number].get_slice(name)[row] for name in self.meta.maps}
