"""One npm package at one version, through the npm client, known by its integrity. Standard library only."""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path

from export.models.registry import Package

PATIENCE = ["--fetch-retries=1", "--fetch-timeout=60000"]  # milliseconds; npm's own are minutes of silence


class NpmError(Exception):
    """The package cannot be had, or is not the one that was asked for; the message is one line."""


def tarball(package: Package, folder: Path) -> Path:
    """The package's tarball in `folder`, fetched if it is not there; written aside, checked, then renamed."""
    path = folder / package.file
    if path.is_file():
        check(package, path)
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".npm") as aside:
        packed = _pack(package, Path(aside))
        check(package, packed)
        return packed.replace(path)


def check(package: Package, path: Path) -> None:
    """Raise NpmError unless a file is the package as it was published."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    if f"sha512-{base64.b64encode(digest).decode()}" != package.integrity:
        raise NpmError(
            f"{path.name} ({path.stat().st_size:,} bytes) is not {package} as it was published: its integrity differs."
        )


def unpack(path: Path, folder: Path) -> Path:
    """Unpack a package's tarball into `folder`; returns the folder inside that all its files lie in."""
    try:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise NpmError(f"{path} is not a readable tarball: {error}.") from error
    return folder / "package"


def _pack(package: Package, folder: Path) -> Path:
    npm = shutil.which("npm")  # on Windows it is a .cmd file, which is not found by its bare name
    if not npm:
        raise NpmError(f"{package} needs npm, and there is none on the PATH.")
    command = [npm, "pack", str(package), "--pack-destination", str(folder.resolve()), "--prefer-offline"]
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    done = subprocess.run(
        [*command, *PATIENCE], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    packed = folder / package.file
    if done.returncode or not packed.is_file():
        raise NpmError(f"npm cannot fetch {package}: {_reason(done.stderr)}.")
    return packed


def _reason(told: str) -> str:
    """The first line of npm's complaint that is a sentence."""
    lines = [
        line.removeprefix("npm").lstrip(" !").removeprefix("error").removeprefix("ERR!").strip()
        for line in told.splitlines()
    ]
    sentences = [
        line for line in lines if line and not line.startswith(("code ", "errno ", "syscall ", "notice", "warn"))
    ]
    return sentences[0].rstrip(".") if sentences else "it does not say why"
