"""Serve the built app, `web/dist`, read-only.

    python server.py [--host 127.0.0.1] [--port 5173] [--cert FILE --key FILE] [--open]

Any static host can serve the same files (see docs/hosting.md). This one sends the headers that it reads in `_headers`
(isolation for WASM threads, a content security policy), precompressed files, and a cache lifetime that fits each file.
"""

import mimetypes
import re
import socket
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import click
from flask import Flask, Response, request, send_file
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.serving import get_interface_ip

from listening import RESPONSE, address, start, tls_context

__all__ = ["DIST", "HASHED", "HEADERS", "address", "create_app", "main", "start"]

WEB = Path(__file__).resolve().parent / "web"
DIST = WEB / "dist"
FILE = click.Path(path_type=Path)
EVERY_FILE = (WEB / "public" / "_headers").read_text(encoding="utf-8").partition("\n/*\n")[2].partition("\n\n")[0]
HEADERS = dict(line.strip().split(": ", 1) for line in EVERY_FILE.splitlines())
JAVASCRIPT = dict.fromkeys((".js", ".mjs"), "text/javascript")
IMAGES = {f".{kind}": f"image/{kind}" for kind in ("avif", "heic", "webp")}
# Python's own table, not the machine's, and what Python 3.11 does not know or knows by another name.
TYPES = {
    **mimetypes.MimeTypes().types_map[True],
    **JAVASCRIPT,
    **IMAGES,
    ".map": "application/json",
    ".woff2": "font/woff2",
}
# The build writes `file.br` and `file.gz` beside `file`; the first is preferred.
ENCODINGS = {"br": ".br", "gzip": ".gz"}
# Vite writes `assets/name-AbCd1234.js`, `publish` writes `name.1a2b3c4d.onnx`: what has such a name never changes.
HASHED = re.compile(r"^assets/(.*/)?[^/]+-[\w-]{8}(\.\w+)+$|\.[0-9a-f]{8}\.onnx$", re.ASCII)
MISSING_BUILD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tapmask is not built yet</title>
<h1>Tapmask is not built yet</h1>
<p>The server runs, but there is no app to serve.
In the folder of the project, run <code>make demo</code>, then reload this page.</p>
"""


def create_app(dist: Path = DIST, headers: Mapping[str, str] = HEADERS) -> Flask:
    """The WSGI app that serves the files of `dist`, with `headers` on every answer."""
    root = dist.resolve()
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # GET and HEAD only
    app.url_map.merge_slashes = app.url_map.redirect_defaults = False  # a path is a file or 404, never a redirect

    @app.get("/", defaults={"path": "index.html"})
    @app.get("/<path:path>")
    def serve(path: str) -> Response:
        if not (root / "index.html").is_file():
            return Response(MISSING_BUILD, 503, {"Cache-Control": "no-store"})
        return answer(root, path)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(headers)
        response.headers.pop("Date", None)  # the server adds its own
        request.environ[RESPONSE] = response
        return response

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> Response:
        headers = error.get_response().headers  # keeps Allow, Content-Range
        headers["Cache-Control"] = "no-store"
        return Response(f"{error.code} {error.name}\n", error.code, headers, mimetype="text/plain")

    return app


def answer(root: Path, path: str) -> Response:
    """The file at `path` below `root`, in the encoding and the range that the current request asks for."""
    if (file := find(root, path)) is None:
        raise NotFound
    asked, encoding, stored = request.range, "", file
    if request.method != "GET" or asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        request.environ.pop("HTTP_RANGE", None)  # ignored, as HTTP allows; one that counts is of the plain file
        encoding, stored = choose_encoding(root, file)
    response = send_file(stored, TYPES.get(file.suffix.lower(), "application/octet-stream"))
    del response.headers["Content-Disposition"]  # it would name the compressed file
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if HASHED.search(path) else "no-cache"
    response.vary.add("Accept-Encoding")
    if encoding:
        response.content_encoding = encoding
    return response


def find(root: Path, path: str) -> Path | None:
    """The regular file that the URL path names, or None: nothing hidden, nothing outside `root`, symlinks included."""
    if "\\" in path or any(part == "" or part.startswith(".") for part in path.split("/")):
        return None
    try:
        real = (root / path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # missing or too long; a NUL in the name; a loop of links
        return None
    return real if real.is_file() and real.is_relative_to(root) else None


def choose_encoding(root: Path, file: Path) -> tuple[str, Path]:
    """The encoding that the client likes best, and the file that holds it; "" and the plain one as the last resort."""
    accepted = request.accept_encodings
    best, chosen = (accepted.quality("identity") if "identity" in accepted.values() else 0), ("", file)
    for encoding, suffix in ENCODINGS.items():
        stored = find(root, file.relative_to(root).as_posix() + suffix)
        if stored and accepted.quality(encoding) > best:
            best, chosen = accepted.quality(encoding), (encoding, stored)
    return chosen


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets phones in.")
@click.option("--port", type=click.IntRange(0, 65535), default=5173, show_default=True, help="0 takes a free one.")
@click.option("--cert", type=FILE, help="TLS certificate (PEM), with --key.")
@click.option("--key", type=FILE, help="TLS key (PEM), with --cert.")
@click.option("--dist", type=FILE, default=DIST, show_default=True, help="Folder to serve.")
@click.option("--open", "browse", is_flag=True, help="Open the page in the browser.")
def main(host: str, port: int, cert: Path | None, key: Path | None, dist: Path, browse: bool) -> None:
    """Serve the built app, read-only."""
    if bool(cert) != bool(key):
        raise click.UsageError("--cert and --key go together.")
    server = start(create_app(dist), host, port, tls_context(cert, key) if cert and key else None)
    print(f"Tapmask is running at {address(server)}", flush=True)
    if server.host in ("0.0.0.0", "::"):
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        print(f"On a phone in the same network: {address(server, get_interface_ip(family))}", flush=True)
        if not cert:
            print("Phones need https to run it fast and offline: --cert and --key, see docs/hosting.md.", flush=True)
    if browse:
        webbrowser.open(address(server))
    server.serve_forever()


if __name__ == "__main__":
    main()
