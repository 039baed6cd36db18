"""Which model a test runs: the discs, unless it is marked as being about real masks.

@pytest.mark.real_model(TINY)     these very weights, whichever model is the default one
@pytest.mark.real_model(DEFAULT)  what a first visit loads first; such a test expects nothing of the masks themselves
@pytest.mark.real_model(FINEST)   the manifest's default model: the same, unless an instant one goes before it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.publish import manifest
from tests.e2e.serving import DISCS as DISCS_FOLDER
from tests.e2e.serving import DISCS_ADDRESS, DIST

PUBLISHED = DIST / "models" / "manifest.json"


@dataclass(frozen=True)
class Model:
    """A model of a manifest: how the page is asked for it, and where Python finds the same files."""

    address: tuple[tuple[str, str], ...]  # of the page's query
    manifest: Path
    name: str | None = None  # None: the manifest's default

    @property
    def query(self) -> Mapping[str, str]:
        return dict(self.address)

    @property
    def entry(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return manifest.find_variant(manifest.read(self.manifest), self.name, None)[0]

    @property
    def id(self) -> str:
        return str(self.entry["id"])

    @property
    def variant(self) -> str:
        """The name of the default variant."""
        return str(self.entry["default_variant"])

    def files(self) -> list[dict[str, Any]]:
        """Encoder and decoder of the default variant, as the manifest lists them for WASM."""
        entry = self.entry
        variant = manifest.run_in_wasm(entry["variants"][entry["default_variant"]])
        return [variant["encoder"], variant["decoder"]]

    def paths(self) -> list[Path]:
        """Where those two lie."""
        return [self.manifest.parent / file["file"] for file in self.files()]


DISCS = Model((("manifest", f"{DISCS_ADDRESS}/manifest.json"),), DISCS_FOLDER / "manifest.json")
# Two disc models: `quick` answers until `discs` is there.
QUICK = Model((("manifest", f"{DISCS_ADDRESS}/tiers.json"), ("model", "quick")), DISCS_FOLDER / "tiers.json", "quick")
TIERS = Model((("manifest", f"{DISCS_ADDRESS}/tiers.json"), ("tiers", "both")), DISCS_FOLDER / "tiers.json")
INSTANT = manifest.read(PUBLISHED).get("instant") if PUBLISHED.is_file() else None
DEFAULT = Model((("tiers", "fast"),), PUBLISHED, INSTANT) if INSTANT else Model((), PUBLISHED)
FINEST = Model((("tiers", "precise"),), PUBLISHED) if INSTANT else DEFAULT
TINY = Model((("model", "tapmask-tiny"),), PUBLISHED, "tapmask-tiny")
