"""`heldout`: the photos that `train` set aside, as a shard of their own, to be measured like any other set.

Give the same --data, --holdout and --seed as to `train`, in the same order: the split depends on nothing else.
"""

import fnmatch
import io
import tarfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.data.dataset import Dataset
from export.data.parts import SampleError
from export.data.samples import Sample
from export.data.shards import add_sample
from export.files import write_whole
from export.messages import say


def held_out(data: tuple[str, ...], holdout: int, seed: int, only: str) -> list[tuple[str, Sample]]:
    """Name and sample of every photo set aside whose name fits the pattern `only`."""
    dataset = Dataset(data)
    _, held = dataset.set_aside(holdout, seed)
    named = [(dataset.name(int(index)), int(index)) for index in held]
    return [(name, dataset[index]) for name, index in named if fnmatch.fnmatch(name, only)]


def heldout(data: tuple[str, ...], holdout: int, seed: int, only: str, out: Path) -> None:
    """Write the photos that `train` set aside into a shard."""
    found = held_out(data, holdout, seed, only)
    if not found:
        raise SampleError(f"None of the photos set aside is called {only}; names look like shard-000/key.")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, sample in tqdm(found, unit="photo"):
            add_sample(tar, name.replace("/", "-"), sample.photo, sample.layers, sample.ignore)
    write_whole(out, buffer.getvalue())
    masks = sum(int(np.count_nonzero(np.unique(layer))) for _, sample in found for layer in sample.layers)
    say(f"Wrote {out} ({len(found)} photos, {masks} masks).")
