"""Serve the built app, `web/dist`, read-only.

    python server.py [--host 127.0.0.1] [--port 5173] [--cert FILE --key FILE] [--open]

Any static host can serve the same files (see docs/hosting.md). This one adds what the app likes to have: cross-origin
isolation (WASM threads need it), a content security policy that lets the page talk to its own origin only,
precompressed files, and a cache lifetime that fits each file.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import re
import socket
import ssl
import sys
import webbrowser
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from flask import Flask, Request, Response, request, send_file
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.security import safe_join
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, get_interface_ip, make_server

DIST = Path(__file__).resolve().parent / "web" / "dist"

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self' blob:",
    "img-src": "'self' blob: data:",
    "connect-src": "'self' blob:",  # a blob is in the page's own memory
    "style-src": "'self'",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in CONTENT_SECURITY_POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}

# Spelled out, because the machine's own table of types differs from one system to the next.
MIME_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css",
    ".gif": "image/gif",
    ".heic": "image/heic",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}

# The web build writes `file.br` and `file.gz` beside `file`; in the order of our preference.
ENCODINGS = {"br": ".br", "gzip": ".gz"}

# Vite names its output `assets/name-AbCd1234.js`, a published model is `name.1a2b3c4d.onnx`: the content behind such a
# name never changes.
HASHED = re.compile(r"^assets/(.*/)?[^/]+-[\w-]{8}(\.\w+)+$|\.[0-9a-f]{8}\.onnx$", re.ASCII)

RESPONSE = "tapmask.response"  # the key in a request's environment under which its answer can be closed

PORT_TROUBLE = {errno.EADDRINUSE: "taken", errno.EACCES: "for the administrator only"}

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
            return Response(MISSING_BUILD, status=503, headers={"Cache-Control": "no-store"})
        return answer(root, path)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(headers)
        response.headers.pop("Date", None)  # the server adds its own
        request.environ[RESPONSE] = response
        return response

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> Response:
        response = error.get_response()  # keeps Allow, Content-Range
        plain = Response(f"{error.code} {error.name}\n", error.code, response.headers, mimetype="text/plain")
        plain.headers["Cache-Control"] = "no-store"
        return plain

    return app


def answer(root: Path, path: str) -> Response:
    """The file at `path` below `root`, in the encoding and the range that the current request asks for."""
    file = find(root, path)
    if file is None:
        raise NotFound
    if not wants_one_range(request):
        request.environ.pop("HTTP_RANGE", None)
    encoding, stored = choose_encoding(request, root, file)
    response = send_file(
        stored,
        mimetype=MIME_TYPES.get(file.suffix.lower(), "application/octet-stream"),
        etag=content_hash(stored, *version(stored)),
    )
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
    joined = safe_join(str(root), path)
    try:
        real = Path(joined or "").resolve(strict=True)
    except (OSError, ValueError, RuntimeError):  # missing or too long; a NUL in the name; a loop of links
        return None
    return real if real.is_file() and real.is_relative_to(root) else None


def wants_one_range(request: Request) -> bool:
    """Whether to answer with a part of the file. Any other Range is ignored, as HTTP allows."""
    asked = request.range
    return request.method == "GET" and asked is not None and asked.units == "bytes" and len(asked.ranges) == 1


def choose_encoding(request: Request, root: Path, file: Path) -> tuple[str | None, Path]:
    """The encoding to send, and the file that holds it. A range is always one of the plain file."""
    if "HTTP_RANGE" in request.environ:
        return None, file
    accepted = request.accept_encodings
    # Plain is the last resort, unless the client names it and ranks it higher.
    quality = accepted.quality("identity") if "identity" in accepted.values() else 0
    chosen: tuple[str | None, Path] = (None, file)
    for encoding, suffix in ENCODINGS.items():
        stored = find(root, file.relative_to(root).as_posix() + suffix)
        if stored and accepted.quality(encoding) > quality:
            chosen, quality = (encoding, stored), accepted.quality(encoding)
    return chosen


def version(file: Path) -> tuple[int, int]:
    """What changes when the file is written again."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=1024)
def content_hash(file: Path, mtime_ns: int, size: int) -> str:
    """A strong ETag: a rebuild that changes nothing keeps it, and each encoding has its own.

    The last two arguments are there for the cache: they tell one version of the file from the next.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


class Handler(WSGIRequestHandler):
    """No line a request, and no thread held by a client that went silent."""

    timeout = 60

    def run_wsgi(self) -> None:
        """Answer, and close the answer's file even where the client hangs up: Werkzeug then leaves it open."""
        try:
            super().run_wsgi()
        finally:
            if response := getattr(self, "environ", {}).get(RESPONSE):  # no environment: gone before it was made
                response.close()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: errors are still logged."""

    def version_string(self) -> str:
        """The Server header, without versions."""
        return "Tapmask"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or the end of the program with one line that says why not."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno in PORT_TROUBLE:
            sys.exit(f"Port {port} is {PORT_TROUBLE[error.errno]}; choose another with --port (0 takes any free one).")
        sys.exit(f"Cannot listen on {host}: {error.strerror}.")


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """The TLS settings for a certificate and its key, or the end of the program with one line that names the file."""
    for name, file in (("certificate", cert), ("key", key)):
        try:
            file.read_bytes()
        except OSError as error:
            sys.exit(f"Cannot read the {name} {file}: {error.strerror}.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        sys.exit(f"{cert} and {key} are not a certificate and its key in PEM form: {error.reason or error}.")
    return context


def start(app: Flask, host: str, port: int, tls: ssl.SSLContext | None = None) -> BaseWSGIServer:
    """A server whose socket is bound and listening; `serve_forever()` answers, a thread a request."""
    with listen(host, port) as listening:
        server = make_server(host, port, app, threaded=True, request_handler=Handler, fd=listening.fileno())
    if tls:
        # The handshake is left to the request's thread, so that a slow client cannot keep all others waiting.
        server.ssl_context = tls
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def address(server: BaseWSGIServer, host: str | None = None) -> str:
    """The URL of the page; where the server listens on every address, the loopback one unless `host` says otherwise."""
    host = host or {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)
    scheme = "https" if server.ssl_context else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}/"


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """The command line; exits with usage if it makes no sense."""
    parser = argparse.ArgumentParser(prog="server.py", description="Serve the built app, read-only.")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets phones in (default: %(default)s)")
    parser.add_argument("--port", type=port_number, default=5173, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--cert", type=Path, help="TLS certificate (PEM), with --key")
    parser.add_argument("--key", type=Path, help="TLS key (PEM), with --cert")
    parser.add_argument("--dist", type=Path, default=DIST, help="folder to serve (default: %(default)s)")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    options = parser.parse_args(arguments)
    if bool(options.cert) != bool(options.key):
        parser.error("--cert and --key go together")
    return options


def port_number(text: str) -> int:
    """A TCP port from the command line."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (0 to 65535)")
    return int(text)


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    options = parse_arguments(arguments)
    tls = tls_context(options.cert, options.key) if options.cert else None
    server = start(create_app(options.dist), options.host, options.port, tls)
    print(f"Tapmask is running at {address(server)}", flush=True)
    if server.host in ("0.0.0.0", "::"):
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        print(f"On a phone in the same network: {address(server, get_interface_ip(family))}", flush=True)
        if not tls:
            print("Phones need https to run it fast and offline: --cert and --key, see docs/hosting.md.", flush=True)
    if options.open:
        webbrowser.open(address(server))
    server.serve_forever()


if __name__ == "__main__":
    main()
