"""`scale`: what a share of SA-1B costs in disk, hours and machines, from rates that were measured here.

Arithmetic only. Measure first: `cache` prints photos/s of the teacher, the bar of `distill` shows those of the student; give both
for one process.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from export.data.embeddings import read_meta
from export.errors import UsageError
from export.messages import say

SA1B = 11_000_000  # photos, as its paper (arXiv 2304.02643) rounds them
SHARES = (0.01, 0.1, 1.0)
FP16 = 2  # bytes a value


@dataclass(frozen=True)
class Cost:
    """Of distilling on `photos`: disk in GB, machine-hours in all, and hours on the given number of processes."""

    photos: int
    cache_gb: float
    cache_hours: float
    distil_hours: float
    processes: int

    @property
    def hours(self) -> float:
        """From beginning to end, if the work divides evenly among the processes."""
        return (self.cache_hours + self.distil_hours) / self.processes


def cost(share: float, row_bytes: int, teacher: float, student: float, epochs: float, processes: int) -> Cost:
    """The cost of a share (0…1) of SA-1B. teacher, student: photos/s of one process; row_bytes: of one photo's embeddings."""
    photos = round(SA1B * share)
    return Cost(
        photos,
        cache_gb=photos * row_bytes / 1e9,
        cache_hours=photos / teacher / 3600,
        distil_hours=photos * epochs / student / 3600,
        processes=processes,
    )


def row_bytes(folder: Path) -> int:
    """Bytes of one photo's embeddings in a cache."""
    return sum(FP16 * math.prod(shape) for shape in read_meta(folder).maps.values())


def scale(teacher_rate: float, student_rate: float, cache: Path | None, epochs: float, processes: int) -> None:
    """Say what 1 %, 10 % and 100 % of SA-1B cost at measured rates."""
    if min(teacher_rate, student_rate, epochs, processes) <= 0:
        raise UsageError("Rates, epochs and processes must be positive.")
    row = row_bytes(cache) if cache else 256 * 64 * 64 * FP16
    say("| SA-1B | photos | embeddings | caching | distilling | in all |")
    say("|---|---|---|---|---|---|")
    for share in SHARES:
        c = cost(share, row, teacher_rate, student_rate, epochs, processes)
        say(
            f"| {share:.0%} | {c.photos:,} | {c.cache_gb:,.0f} GB | {c.cache_hours:,.1f} h | "
            f"{c.distil_hours:,.1f} h | {c.hours:,.1f} h on {processes} |"
        )
    say(f"(hours of one process; {epochs:g} epochs; an embedding is {row / 1e6:.2f} MB; work divides evenly)")
