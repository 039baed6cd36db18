"""`make demo`: from a fresh clone to a running page.

scripts/python.sh scripts/demo.py [--host HOST] [--port PORT] [any other option of server.py]
"""

from __future__ import annotations

import argparse
import os
import sys

import setup


def main() -> None:
    """Check what can go wrong at once, set up what is missing, then become the server."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="5173")
    options, _ = parser.parse_known_args()
    if not options.port.isdecimal() or int(options.port) > 65535:
        sys.exit(f"{options.port!r} is not a port number (0 to 65535).")
    setup.check_port(options.host, int(options.port))
    setup.prepare()
    server = [str(setup.VENV_PYTHON), str(setup.ROOT / "server.py"), *sys.argv[1:]]
    os.execv(server[0], server)


if __name__ == "__main__":
    main()
