"""Rank, world size and gather helpers for several processes (torch.distributed, started by `torchrun`).

Without `torchrun` every function works for a single process and needs no process group.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

from export.errors import ExportError

PATIENCE = timedelta(hours=2)  # the slowest rank may measure a large photo while the others wait for it
T = TypeVar("T")


def world() -> tuple[int, int]:
    """Return this process's rank and how many there are, as `torchrun` states them: (0, 1) without it."""
    try:
        rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    except ValueError as error:
        raise ExportError(f"RANK and WORLD_SIZE must be numbers, as torchrun sets them: {error}") from error
    if not 0 <= rank < size:
        raise ExportError(f"RANK {rank} is not below WORLD_SIZE {size}. Start the processes with torchrun.")
    return rank, size


def is_main() -> bool:
    """Whether this process is the one that prints and writes files."""
    return world()[0] == 0


def device() -> torch.device:
    """The device of this process: its own GPU where there is one, else the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())


@contextmanager
def setup(timeout: timedelta = PATIENCE) -> Iterator[None]:
    """Join the other processes for the length of the block (nothing to do for one process).

    A rank that died, or that cannot be reached, ends the others with an error that says what to do, not with a trace.
    """
    if world()[1] == 1 or dist.is_initialized():
        yield
        return
    with named_failure():
        if torch.cuda.is_available():
            torch.cuda.set_device(device())
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=timeout)
    try:
        yield
        with named_failure():
            barrier()  # nobody leaves while another still needs it
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def gather(item: T) -> list[T]:
    """Give every process the list of what each one has, in the order of their ranks. `item` must be picklable."""
    size = world()[1]
    if size == 1:
        return [item]
    gathered: list[T | None] = [None] * size
    with named_failure():
        dist.all_gather_object(gathered, item)
    return gathered  # type: ignore[return-value]


def barrier() -> None:
    """Wait until every process has reached this call."""
    if dist.is_initialized():
        with named_failure():
            dist.barrier()


@contextmanager
def named_failure() -> Iterator[None]:
    """Turn a lost connection to another process into a message. Wrap own collective calls (all_reduce, …) in it."""
    try:
        yield
    except (RuntimeError, ValueError) as error:  # what the backends raise for a lost peer or an unreachable store
        told = re.sub(r"^\[[^\]]*\] ", "", str(error).strip())  # gloo begins with a line of its source
        first = told.split(". ")[0].splitlines()[0] if told else type(error).__name__
        raise ExportError(
            f"Another process of this run stopped answering (rank died; run the same command again: it resumes). "
            f"This is rank {world()[0]} of {world()[1]}: {first}"
        ) from error
