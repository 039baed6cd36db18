"""Files inside tar shards and folders, indexed once and read by offset."""

import tarfile
from dataclasses import dataclass
from pathlib import Path

from export.errors import ExportError
from export.filetype import told
from export.messages import note


class SampleError(ExportError):
    """A photo, mask, shard or folder that cannot be read; the message names it."""


@dataclass(frozen=True)
class Part:
    """A file inside a shard (offset, size) or on its own (offset 0, size −1); `name` is what it is called there."""

    path: str
    offset: int
    size: int
    name: str = ""

    def __str__(self) -> str:
        return self.path if self.size < 0 else f"{self.name} of {self.path}"

    def read(self) -> bytes:
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                return file.read(self.size)
        except OSError as error:
            raise SampleError(f"Cannot read {self.path}: {error}") from error


def parts(path: Path, broken: list[str] | None = None) -> list[tuple[str, Part]]:
    """Return (name, part) of every file in a shard or, at any depth, in a folder; in the order in which they lie there.

    A damaged shard is an error; with `broken` it is reported there and on stderr, and what lies before the damage is returned.
    """
    if path.is_dir():
        files = (p for p in sorted(path.rglob("*")) if p.is_file())
        return [(p.relative_to(path).as_posix(), Part(str(p), 0, -1, p.name)) for p in files]
    found = []
    try:
        with tarfile.open(path, "r:") as tar:  # a compressed one cannot be read by offset
            for member in tar:
                if member.isfile():
                    found.append((member.name, Part(str(path), member.offset_data, member.size, member.name)))
    except (OSError, tarfile.TarError) as error:
        named = SampleError(f"Cannot read shard {path}: {why_not(path, error)}.")
        if broken is None or not found:
            raise named from error
        report(named, broken)
    return found


def why_not(path: Path, error: Exception) -> str:
    """Say what a file is that is no readable shard."""
    return told(path) or f"{error}; it is a tar shard that was cut short or damaged, or none: copy or download it again"


def grouped(path: Path, broken: list[str] | None = None) -> dict[str, dict[str, Part]]:
    """Return {key: {ending in lower case, with its dot: part}} of a shard or folder; `broken` as in `parts`."""
    groups: dict[str, dict[str, Part]] = {}
    for name, part in parts(path, broken):
        folder, _, base = name.rpartition("/")
        key, _, ending = base.partition(".")
        groups.setdefault(f"{folder}/{key}" if folder else key, {})["." + ending.lower()] = part
    return groups


def report(error: SampleError, broken: list[str]) -> None:
    """Print on stderr what cannot be read, and append the message to a list."""
    broken.append(error.message)
    note(f"Skipped: {error.message}")
