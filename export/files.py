"""Writing files whole or not at all, and naming them by their content."""

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from export.errors import ExportError


def write_whole(path: Path, content: bytes) -> None:
    """Write aside, then rename: a full disk or a kill leaves the old file, never half of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any, indent: int | None = 1) -> None:
    """Write readable JSON, whole. ExportError, and nothing written, if a number in it is not finite: JSON has no such numbers."""
    try:
        text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        places = ", ".join(_not_finite(content)) or str(error)
        raise ExportError(
            f"{path} is not written: {places} is not a finite number. Are the model's weights damaged?"
        ) from error
    write_whole(path, f"{text}\n".encode(errors="backslashreplace"))


def read_json(text: str | bytes) -> Any:
    """Parse JSON; ValueError on NaN and Infinity too, which Python otherwise takes."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(f"it holds {name}, which is no number in JSON")


def _not_finite(content: Any, place: str = "$") -> Iterator[str]:
    """Where in a structure numbers are not finite."""
    if isinstance(content, float) and not math.isfinite(content):
        yield f"{place} ({content})"
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _not_finite(value, f"{place}.{key}")
    elif isinstance(content, list | tuple):
        for number, value in enumerate(content):
            yield from _not_finite(value, f"{place}[{number}]")


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
