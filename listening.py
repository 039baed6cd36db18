"""The listening side of server.py: a socket, threads and TLS, with one line about what goes wrong."""

import errno
import socket
import ssl
import sys
from pathlib import Path

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

RESPONSE = "tapmask.response"  # the key in a request's environment under which its answer can be closed
PORT_TROUBLE = {errno.EADDRINUSE: "taken", errno.EACCES: "for the administrator only"}


class Handler(WSGIRequestHandler):
    """Says nothing but errors, tells no versions, and lets no client that went silent hold a thread."""

    timeout = 60

    def run_wsgi(self) -> None:
        """Answer, and close the answer's file even where the client hangs up: Werkzeug then leaves it open."""
        try:
            super().run_wsgi()
        finally:
            if response := getattr(self, "environ", {}).get(RESPONSE):  # no environment: gone before it was made
                response.close()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def version_string(self) -> str:
        return "Tapmask"


def tls_context(cert: Path, key: Path) -> ssl.SSLContext:
    """The TLS settings for a certificate and its key, or the end of the program with one line that names the file."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        for file in (cert, key):
            file.read_bytes()  # unlike load_cert_chain, it says which one is missing
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        sys.exit(f"{cert} and {key} are not a certificate and its key in PEM form: {error.reason or error}.")
    except OSError as error:
        sys.exit(f"Cannot read {error.filename}: {error.strerror}.")
    return context


def start(app: Flask, host: str, port: int, tls: ssl.SSLContext | None = None) -> BaseWSGIServer:
    """A server whose socket is listening, or the end of the program with one line; `serve_forever()` answers, in threads."""
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno in PORT_TROUBLE:
            sys.exit(f"Port {port} is {PORT_TROUBLE[error.errno]}; choose another with --port (0 takes any free one).")
        sys.exit(f"Cannot listen on {host}: {error.strerror}.")
    with listening:
        server = make_server(host, port, app, threaded=True, request_handler=Handler, fd=listening.fileno())
    if tls:  # the handshake is left to the request's thread, so that a slow client cannot keep all others waiting
        server.ssl_context = tls
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def address(server: BaseWSGIServer, host: str | None = None) -> str:
    """The URL of the page; where the server listens on every address, the loopback one unless `host` says otherwise."""
    host = host or {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)
    return f"http{'s' if server.ssl_context else ''}://{f'[{host}]' if ':' in host else host}:{server.port}/"
