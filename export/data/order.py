"""Which photos are trained on, and in which order: pure functions of a seed."""

import functools
from collections.abc import Sequence

import numpy as np


@functools.lru_cache(maxsize=2)
def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """The photos' order in an epoch, the same in every run and every process."""
    return np.random.default_rng([seed, epoch, 1]).permutation(count)


def split(identities: Sequence[str], holdout: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split sample numbers into (training, held out): by photo, so that one named twice never lies on both sides.

    Held out are `holdout` photos, but a fifth of them at most.
    """
    first: dict[str, int] = {}
    for index, identity in enumerate(identities):
        first.setdefault(identity, index)
    photos = list(first)
    held = {
        photos[i] for i in np.random.default_rng([seed, 7]).permutation(len(photos))[: min(holdout, len(photos) // 5)]
    }
    training = [index for index, identity in enumerate(identities) if identity not in held]
    return np.array(training, dtype=int), np.array([first[i] for i in photos if i in held], dtype=int)
