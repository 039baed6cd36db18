"""Where a command writes to: checked when the options are read, and not after an hour's work."""

import os
from pathlib import Path
from typing import Any

import click


class Target(click.ParamType):
    """A path that can be written to, with whatever folders lead to it; it need not exist yet."""

    def __init__(self, folder: bool) -> None:
        self.folder = folder
        self.name = "folder" if folder else "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if path.exists() and path.is_dir() != self.folder:
            actual, remedy = ("file", "a folder") if self.folder else ("folder", "a file in it")
            self.fail(f"{path} is a {actual}: name {remedy}.", param, ctx)
        place = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
        if place != path.absolute() and not place.is_dir():
            self.fail(f"{path} cannot be written: {place} is a file, not a folder.", param, ctx)
        if not os.access(place, os.W_OK):
            self.fail(f"{path} cannot be written: {place} allows no writing. Choose another place.", param, ctx)
        return path


OUT_FILE, OUT_FOLDER = Target(folder=False), Target(folder=True)
