"""Examples by number: the n-th is the same in every run and every process, so that a resumed run sees the same order."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from torch.utils.data import Dataset

from export.data.order import order
from export.data.parts import SampleError
from export.messages import note

BROKEN_IN_A_ROW = 50  # unreadable photos after which the data, not a photo, is at fault
T = TypeVar("T")


@dataclass(frozen=True)
class More(Generic[T]):
    """Context of an item: its index in the dataset, and `other()`, which draws another item at random."""

    index: int
    other: Callable[[], T]


Make = Callable[[T, More[T], np.random.Generator], dict[str, np.ndarray]]


class Numbered(Dataset[dict[str, np.ndarray]], Generic[T]):
    """Photos `keep` of `source` in a new order each epoch. An unreadable one is named once, and the next takes its place.

    make(item, more, rng) builds the example; `more` tells the item's index, and draws further items.
    """

    def __init__(
        self,
        source: Sequence[T],
        keep: np.ndarray,
        make: Make[T],
        seed: int,
        memory: int,
    ) -> None:
        self.keep, self.make, self.seed = keep, make, seed
        self.read = functools.lru_cache(maxsize=memory)(source.__getitem__)
        self.broken: set[int] = set()

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        epoch, position = divmod(number, len(self.keep))
        rng = np.random.default_rng([self.seed, number])
        index, item = self._readable(order(len(self.keep), self.seed, epoch), position)

        def other() -> T:
            return self._readable(np.arange(len(self.keep)), int(rng.integers(len(self.keep))))[1]

        return self.make(item, More(index, other), rng)

    def _readable(self, places: np.ndarray, position: int) -> tuple[int, T]:
        for step in range(BROKEN_IN_A_ROW):
            index = int(self.keep[places[(position + step) % len(places)]])
            if index in self.broken:
                continue
            try:
                return index, self.read(index)
            except SampleError as error:
                self.broken.add(index)
                note(f"Skipped ({len(self.broken)} so far): {error.message}")
        raise SampleError(f"{BROKEN_IN_A_ROW} photos in a row cannot be read; is the data complete?")
