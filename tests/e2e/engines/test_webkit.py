"""The main path in WebKitGTK."""

from __future__ import annotations

from tests.e2e.engines.main_path import MainPath
from tests.e2e.engines.webkit import WebKit


class TestWebKit(MainPath):
    engine = WebKit
