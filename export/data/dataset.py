"""`Dataset`: samples from sources of either layout, this project's (see samples.py) or SA-1B's own (see sa1b.py)."""

import bisect
import glob
import itertools
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from export.data.order import split
from export.data.parts import SampleError, why_not
from export.data.sa1b import Sa1bDataset
from export.data.samples import Sample, ShardDataset

FIRST = 8  # files of a shard that tell its layout


class Dataset(Sequence[Sample]):
    """A sequence of samples from shards, folders, or glob patterns of them; a source named twice counts twice."""

    def __init__(self, sources: Sequence[str | Path]) -> None:
        self._sets: list[ShardDataset | Sa1bDataset] = []
        self._paths = found(sources)
        for path in self._paths:
            self._sets.append(Sa1bDataset([path]) if _is_sa1b(path) else ShardDataset([path]))
        self._ends = list(itertools.accumulate(len(one) for one in self._sets))

    def __len__(self) -> int:
        return self._ends[-1]

    def identity(self, index: int) -> str:
        """An identifier that is the same for every mention of one photo, however often its shard is named."""
        samples, place = self._place(index)
        return samples.identity(place)

    def name(self, index: int) -> str:
        """The photo's name, as `Photos` gives it: its shard or folder, and its key."""
        path = self._paths[bisect.bisect_right(self._ends, index)]
        return f"{source_name(path)}/{self.identity(index).split(f' {path}')[0]}"

    def set_aside(self, holdout: int, seed: int, among: Sequence[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the samples (of those `among`) to train on, and of those that are held out: see `order.split`."""
        among = range(len(self)) if among is None else among
        training, held = split([self.identity(index) for index in among], holdout, seed)
        return np.array(among)[training], np.array(among)[held]

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        samples, place = self._place(index)
        return samples[place]

    def _place(self, index: int) -> tuple[ShardDataset | Sa1bDataset, int]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        at = bisect.bisect_right(self._ends, index)
        return self._sets[at], index - (self._ends[at - 1] if at else 0)


def found(sources: Sequence[str | Path]) -> list[Path]:
    """The shards and folders that sources or patterns name, in order; each must name some."""
    paths: list[Path] = []
    for source in sources:
        matches = sorted(glob.glob(str(source)))
        if not matches:
            raise SampleError(f"No data at {source}: give a .tar shard, a folder, or a pattern that matches some.")
        paths += map(Path, matches)
    return paths


def source_name(path: Path) -> str:
    """`…/duts-tr-000.tar` → `duts-tr-000`; a folder's own name."""
    return path.name.removesuffix(".tar")


def _is_sa1b(path: Path) -> bool:
    """Whether JSON lies beside the first photos; a folder or shard is of one layout throughout."""
    if path.is_dir():
        return next(path.rglob("sa_*.json"), None) is not None
    try:
        with tarfile.open(path, "r:") as tar:  # a compressed one cannot be read by offset
            return any(member.name.endswith(".json") for member in itertools.islice(tar, FIRST))
    except (OSError, tarfile.TarError) as error:
        raise SampleError(f"Cannot read shard {path}: {why_not(path, error)}.") from error
