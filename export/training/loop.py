"""The loop around `Trainer.step`: data in a fixed order, measuring, saving, and what to say when it is cut short."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
import torch.distributed as dist
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from export.errors import ExportError
from export.messages import say
from export.training.curves import plot_curves
from export.training.distributed import is_main, world
from export.training.recipe import Execution
from export.training.trainer import Batch, Trainer

Measure = Callable[[], dict[str, float]]
LOST = (
    "connection",
    "peer",
    "timed out",
    "timeout",
    "gloo",
    "nccl",
    "store",
    "rank",
)  # how backends name a lost process


def batches(
    examples: Dataset[dict[str, np.ndarray]], start: int, total: int, batch: int, workers: int
) -> Iterator[Batch]:
    """Examples number `start` … `total`, this process's share of every batch of `batch`: contiguous, in rank order."""
    rank, size = world()
    if batch % size:
        raise ExportError(f"--batch {batch} counts all processes together: give a multiple of {size}.")
    share = batch // size
    numbers = [n + rank * share + i for n in range(start, total - batch + 1, batch) for i in range(share)]
    loader: DataLoader[dict[str, np.ndarray]] = DataLoader(
        examples,
        batch_size=share,
        sampler=numbers,
        num_workers=workers,
        drop_last=True,
        persistent_workers=False,
        prefetch_factor=4 if workers else None,
        generator=torch.Generator(),  # its own: opening a loader must not move the prompts' random numbers
    )
    return iter(loader)


def whole_batches(photos: float, batch: int) -> int:
    """How many photos a run sees that is to see about `photos`: whole batches, one at least."""
    return max(1, int(photos) // batch) * batch


def run(
    trainer: Trainer,
    examples: Dataset[dict[str, np.ndarray]],
    execution: Execution,
    *,
    samples: int,
    batch: int,
    measure: Measure | None,
) -> None:
    """Step until `samples` photos were seen; resumes the checkpoint in the folder `out`, and leaves one with its curves there."""
    path, curves = execution.out / "checkpoint.pt", execution.out / "curves.png"
    if path.exists():
        trainer.resume(path, execution.accept_changes)
        if _finished(trainer, path, samples, batch):
            return
    saved, recent, every = time.monotonic(), dict[str, float](), execution.measure_every
    with (
        tqdm(total=samples, initial=trainer.seen, unit="photo", smoothing=0.05, disable=not is_main()) as bar,
        _asked_to_stop() as asked,
        told_plainly(),
    ):
        for examples_batch in batches(examples, trainer.seen, samples, batch, execution.workers):
            for name, value in trainer.step(examples_batch).items():
                recent[name] = 0.98 * recent.get(name, value) + 0.02 * value
            bar.update(batch)
            shown = {k: f"{v:.3f}" for k, v in recent.items() if k.endswith(("iou", "mse_loss"))}
            bar.set_postfix(shown, refresh=False)
            if is_main() and trainer.seen // every != (trainer.seen - batch) // every:
                trainer.log.append({"seen": trainer.seen, **recent, **(measure() if measure else {})})
                bar.write(json.dumps({k: round(v, 4) for k, v in trainer.log[-1].items()}))
            if _anyone(asked(), trainer.device):
                _stop(trainer, path, samples)
            if is_main() and time.monotonic() - saved > 60 * execution.save_minutes:
                trainer.save(path)
                saved = time.monotonic()
    if is_main():
        trainer.save(path)
        plot_curves(trainer.log, curves)
        say(f"Wrote {path} and {curves}.")


def _finished(trainer: Trainer, path: Path, samples: int, batch: int) -> bool:
    """Say how far a resumed run is; a finished one is left as it is, because later steps know this very file by its sha256."""
    done = trainer.seen + batch > samples
    if is_main():
        told = "Nothing is left to do." if done else ""
        say(f"Resuming {path} at {trainer.seen:,} of {samples:,} photos. {told}".rstrip())
    return done


def _stop(trainer: Trainer, path: Path, samples: int) -> NoReturn:
    if is_main():
        trainer.save(path)
        say(
            f"\nStopped at {trainer.seen:,} of {samples:,} photos and wrote {path}. "
            "Run the same command again to go on from there."
        )
    raise SystemExit(130)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Errors of the device and of other processes, as messages that say what to do."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ExportError(
            "The GPU is out of memory: lower --batch or --input-size, or give --half; then run again, it resumes. "
            f"({str(error).splitlines()[0]})"
        ) from error
    except RuntimeError as error:
        told = str(error).strip() or type(error).__name__
        if world()[1] == 1 or not any(word in told.lower() for word in LOST):
            raise
        raise ExportError(
            "Another process of this run stopped answering (rank died; run the same command again: it resumes). "
            f"This is rank {world()[0]} of {world()[1]}: {told.splitlines()[0]}"
        ) from error


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and a polite kill wait for the end of the step, so that what is saved is whole; a second one does not wait."""
    asked: list[int] = []
    earlier: dict[int, Any] = {}

    def note(number: int, _: object) -> None:
        asked.append(number)
        signal.signal(number, earlier[number])

    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        earlier[number] = signal.signal(number, note)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _anyone(asked: bool, device: torch.device) -> bool:
    """Whether any process was asked to stop: all stop after the same step."""
    if world()[1] == 1:
        return asked
    flag = torch.tensor(int(asked), device=device)
    dist.all_reduce(flag, op=dist.ReduceOp.MAX)
    return bool(flag)
