"""`fetch`: an official checkpoint by name, from its publisher or from a local file, checked against its sha256.

What has arrived stays in FILE.part until it is complete and its sum is right; the next run goes on from there.
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

import click
from tqdm import tqdm

from export.models.registry import OFFICIAL, Official

FOLDER = Path("runs/official")
TIMEOUT = 30  # seconds without a byte
CHUNK = 1 << 20
BROKEN = (urllib.error.URLError, OSError, http.client.HTTPException)  # URLError and time-outs are OSErrors too


@click.command()
@click.argument("name", type=click.Choice(list(OFFICIAL)))
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True)
@click.option("--from", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Take this file instead of downloading.")  # fmt: skip
@click.option(
    "--any-weights", is_flag=True, help="With --from: weights of your own, with the official keys and shapes."
)
def fetch(name: str, folder: Path, source: Path | None, any_weights: bool) -> None:
    """Put the official checkpoint NAME into a folder, and check that it is what was published."""
    official = OFFICIAL[name]
    path = folder / official.file
    if any_weights and source is None:
        raise click.UsageError("--any-weights is for a file of your own: give it with --from FILE.")
    if source is not None:
        take(name, source, path, any_weights)
    elif path.exists():
        if hash_of(path) != official.sha256:
            raise click.ClickException(
                f"{path} exists and is not the published file. Move it away, or fetch to another folder with --to."
            )
    else:
        download(name, path)
    licence = "weights of your own" if any_weights else official.licence
    click.echo(f"{official.title}: {path} ({path.stat().st_size:,} bytes, {licence})")


def take(name: str, source: Path, path: Path, any_weights: bool) -> None:
    """Copy a local file to `path` if it is the published one, or one that may differ and loads as that model."""
    official = OFFICIAL[name]
    if not any_weights and hash_of(source) != official.sha256:
        size = source.stat().st_size
        raise click.ClickException(
            f"{source} ({size:,} bytes) is not the published {official.file} ({official.bytes:,} bytes): its sha256 differs. "
            "Copy it again; or, if these are weights of your own, add --any-weights."
        )
    if any_weights:
        from export.models.checkpoint import load_model  # only here: a download needs no torch

        load_model(source, name, True if name == "mobile_sam" else None)
    if path.exists() and path.samefile(source):
        return
    if path.exists() and hash_of(path) not in (official.sha256, hash_of(source)):
        raise click.ClickException(f"{path} exists with other weights. Move it away, or give another folder with --to.")
    part = part_of(path)
    part.unlink(missing_ok=True)
    with room_for(path, source.stat().st_size):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)  # half a copy is worth nothing; half a download is


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
                raise click.ClickException(
                    f"The connection to {official.url} broke after {before:,} of {official.bytes:,} bytes. Run it again: it "
                    f"goes on from there. {elsewhere(name)}"
                )
    if hash_of(part) != official.sha256:
        part.unlink()
        raise click.ClickException(
            f"What {official.url} sent is not the published file (its sha256 differs); it was removed. Run it again. "
            f"{elsewhere(name)}"
        )
    part.replace(path)


def receive(name: str, part: Path, bar: tqdm) -> None:
    """One attempt: append what the server sends from where `part` ends. Returns early where the connection breaks."""
    official, start = OFFICIAL[name], held(part)
    request = urllib.request.Request(official.url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise click.ClickException(f"{official.url} answers {error.code} {error.reason}. {elsewhere(name)}") from error
    except BROKEN as error:
        cause = getattr(error, "reason", None) or error
        reason = getattr(cause, "strerror", None) or cause
        raise click.ClickException(f"Cannot reach {official.url} ({reason}). {elsewhere(name)}") from error
    with answer:
        if start and answer.status != http.client.PARTIAL_CONTENT:  # the server sends it whole
            start = 0
            bar.reset()
        length = answer.headers.get("Content-Length", "")
        if length.isdecimal() and start + int(length) != official.bytes:
            raise click.ClickException(
                f"{official.url} offers {start + int(length):,} bytes, the published file has {official.bytes:,}. "
                f"{elsewhere(name)}"
            )
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab" if start else "wb") as file:
            for block in blocks(answer, official.bytes - start):
                file.write(block)
                bar.update(len(block))


def blocks(answer: http.client.HTTPResponse, most: int) -> Iterator[bytes]:
    """What a server sends, at most `most` bytes, up to where the connection breaks."""
    while most > 0:
        try:
            block = answer.read1(min(CHUNK, most))
        except BROKEN:
            return
        if not block:
            return
        most -= len(block)
        yield block


@contextmanager
def room_for(path: Path, needed: int) -> Iterator[None]:
    """End with one clear line where the disk has no place for `needed` more bytes, or the folder cannot be written to."""
    short = f"No room for {path}: {needed:,} more bytes are needed. Free some space and run it again, or change --to."
    try:
        if shutil.disk_usage(next(folder for folder in path.absolute().parents if folder.exists())).free < needed:
            raise click.ClickException(short)
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            kept = held(part_of(path))
            raise click.ClickException(short + (f" {kept:,} bytes are kept." if kept else "")) from error
        raise click.ClickException(f"Cannot write {path}: {error.strerror}.") from error


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
    """Where a file lies until it is complete."""
    return path.with_name(f"{path.name}.part")


def held(part: Path) -> int:
    """How many bytes of it are there."""
    return part.stat().st_size if part.exists() else 0


def elsewhere(name: str) -> str:
    """What to do without the network."""
    return f"You can download it elsewhere, then: python -m export fetch {name} --from FILE"


def state(official: Official, folder: Path) -> str:
    """Whether a checkpoint lies in the folder, by its length: `fetched`, `41 % fetched`, `other weights`, or `no`."""
    path = folder / official.file
    if path.exists():
        return "fetched" if path.stat().st_size == official.bytes else "other weights"
    share = held(part_of(path)) / official.bytes
    return f"{share:.0%} fetched" if share else "no"
