"""The main path in Firefox."""

from __future__ import annotations

from tests.e2e.engines.firefox import Firefox
from tests.e2e.engines.main_path import MainPath


class TestFirefox(MainPath):
    engine = Firefox
