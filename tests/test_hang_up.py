"""server.py: a client that goes away before its request has come to an end."""

from __future__ import annotations

import socket
import struct
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import server

PAGE = b"<!doctype html><title>Tapmask</title>"
RESET = struct.pack("ii", 1, 0)  # linger for no time: close() resets the connection


def wait_for(condition: Callable[[], bool]) -> None:
    """Come back once the condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_a_client_that_hangs_up_leaves_no_file_open(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(PAGE)
    running = server.start(server.create_app(tmp_path), "127.0.0.1", 0)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    idle = threading.active_count()
    try:
        # Python says "unclosed file" where it had to close one itself.
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with socket.create_connection(("127.0.0.1", running.port)) as client:
                # The body never ends, so that the server still listens when the connection is reset.
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
                received = b""
                while not received.endswith(PAGE):
                    received += client.recv(4096)
                assert threading.active_count() > idle, "the request has come to an end"
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            wait_for(lambda: threading.active_count() == idle)
        assert [str(warning.message) for warning in told] == []
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
