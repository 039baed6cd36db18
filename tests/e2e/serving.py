"""The built app, served by server.py on a free loopback port inside this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.serving import BaseWSGIServer

import server

DIST = server.DIST
DISCS = Path(__file__).with_name("discs")
DISCS_ADDRESS = "discs"  # relative to the page


@dataclass
class Site:
    """A running server; `url` ends with a slash."""

    url: str
    server: BaseWSGIServer
    thread: Thread

    def stop(self) -> None:
        """Close the port. Stopping twice does no harm."""
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


def serve(headers: Mapping[str, str] = server.HEADERS, dist: Path = DIST, discs: str = DISCS_ADDRESS) -> Site:
    """Start serving `dist` with `headers`, and the model of make_discs.py in the folder `discs` of the same origin."""
    return run(SharedDataMiddleware(server.create_app(dist, headers), {f"/{discs}": str(DISCS)}))


def run(app: Any) -> Site:
    """Start serving any WSGI program."""
    running = server.start(app, "127.0.0.1", 0)
    thread = Thread(target=running.serve_forever, daemon=True)
    thread.start()
    return Site(server.address(running), running, thread)
