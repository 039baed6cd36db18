"""The built app, served by server.py on a free loopback port inside this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from werkzeug.serving import BaseWSGIServer

import server

DIST = server.DIST


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


def serve(headers: Mapping[str, str] = server.HEADERS, dist: Path = DIST) -> Site:
    """Start serving `dist` with `headers`."""
    running = server.start(server.create_app(dist, headers), "127.0.0.1", 0)
    thread = Thread(target=running.serve_forever, daemon=True)
    thread.start()
    return Site(server.address(running), running, thread)
