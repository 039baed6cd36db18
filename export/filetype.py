"""What a file is that is not what was asked for, told from its first bytes."""

import json
import zipfile
from pathlib import Path

FIRST = 4096  # bytes that tell
POINTER = b"version https://git-lfs"
PAGE = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--", b"<svg")
CONTROL = set(range(32)) - {7, 8, 9, 10, 12, 13, 27}  # bytes that do not occur in text


def told(file: Path | bytes) -> str | None:
    """Say what a file (or its content) plainly is, and what helps: words that fit after "it is not readable: ", or None.

    Known are: a folder, an empty file, an HTML page, a Git LFS pointer, JSON, safetensors, other text, an archive that was cut
    short, and archives of other kinds.
    """
    if isinstance(file, Path):
        if file.is_dir():
            return "it is a folder, not a file; name the file in it"
        try:
            with file.open("rb") as opened:
                first, size = opened.read(FIRST), file.stat().st_size
        except OSError:
            return None
    else:
        first, size = file[:FIRST], len(file)
    if not size:
        return "the file is empty; copy or download it again"
    return _by_first_bytes(first, size) or _as_archive(file, first) or _as_text(first)


def _by_first_bytes(first: bytes, size: int) -> str | None:
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(PAGE) and b"<svg" in start:
        return "it is a drawing (SVG), not pixels; save it as PNG first"
    if start.startswith(PAGE):
        return (
            "it is a web page (HTML), not the file behind it; download the file itself (on a code host: its raw form)"
        )
    if start.startswith(POINTER):
        return "it is a Git LFS pointer, which only names the file; fetch the file itself with `git lfs pull`"
    header = int.from_bytes(first[:8], "little")
    if first[8:9] == b"{" and 2 <= header <= max(size - 8, 2):
        return "it is a safetensors file, which holds tensors alone; give the file that it was made from"
    if start.startswith((b"{", b"[")) and _is_text(first):
        return f"it is {'JSON' if _is_json(first) else 'text that looks like JSON'}; give the file that it describes"
    return None


def _as_archive(file: Path | bytes, first: bytes) -> str | None:
    if first.startswith(b"PK\x03\x04"):
        try:
            if isinstance(file, Path):
                with zipfile.ZipFile(file) as archive:
                    names = archive.namelist()
            else:
                return "it is a ZIP archive; unpack it, and name the file in it"
        except (zipfile.BadZipFile, OSError, ValueError):
            return "it was cut short (an archive whose end is missing); copy or download it again"
        inside = any(name.endswith("data.pkl") for name in names)
        return None if inside else "it is a ZIP archive of something else; unpack it, and name the file in it"
    if first.startswith(b"\x1f\x8b"):
        return "it is compressed with gzip; unpack it first (`gunzip`, or `tar xzf` for a .tar.gz)"
    if first[257:262] == b"ustar":
        return "it is a tar archive; unpack it, and name the file in it"
    return None


def _as_text(first: bytes) -> str | None:
    if not _is_text(first):
        return None
    try:
        line = first.decode("utf-8", "ignore").strip().splitlines()[0][:60]
    except IndexError:
        line = ""
    return f"it is a text file that begins “{line}”; give the file that was meant, or download it again"


def _is_text(first: bytes) -> bool:
    return not any(byte in CONTROL for byte in first) and bool(first.decode("utf-8", "ignore").strip())


def _is_json(first: bytes) -> bool:
    if len(first) == FIRST:
        return True
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def binary(path: Path) -> str | None:
    """Say what kind of binary file it is, of those that are confused with a model: words that fit after "it is ", or None."""
    with path.open("rb") as opened:
        first = opened.read(FIRST)
    if first.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")) or first[8:12] in (b"WEBP", b"AVIF"):
        return "a picture"
    if len(first) > 2 and first[0] == 8 and first[1] < 32 and first[2] in b"\x12\x1a\x22\x2a\x32\x3a\x42":
        return "an ONNX graph"
    if first.startswith(b"PK\x03\x04") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        code = any("/code/" in name for name in names)
        return "a TorchScript archive" if code else "a PyTorch checkpoint"
    if first.startswith(b"\x80"):
        return "a pickle of Python objects"
    return None
