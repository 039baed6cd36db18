"""web/hosting/nginx.conf in a real nginx: headers, types, compression, caching, and the page itself."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path

import pytest
import trustme
from playwright.sync_api import expect

import server
from tests.e2e.conftest import Visits
from tests.e2e.models import DEFAULT
from tests.e2e.serving import DIST, Site
from tests.e2e.truth import ROOT

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")
TYPES = Path("/etc/nginx/mime.types")
CUP = (290, 60)

pytestmark = [
    pytest.mark.real_model(DEFAULT),
    pytest.mark.skipif(not NGINX or not TYPES.is_file(), reason="nginx is not installed"),
]

# What nginx.conf is put into. Everything that nginx writes stays in the test's folder.
FRAME = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include tapmask.conf;
}}
"""


@dataclass
class Host:
    """A running nginx."""

    port: int
    trust: ssl.SSLContext

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
        """One request; header names are written with underscores."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.trust, timeout=60)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body


def configure(folder: Path, port: int) -> ssl.SSLContext:
    """The shipped file with its four names changed, and a certificate; what a client must trust."""
    text = (ROOT / "web" / "hosting" / "nginx.conf").read_text()
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/tapmask.pem": f"{folder}/cert.pem",
        "/etc/ssl/tapmask-key.pem": f"{folder}/key.pem",
        "/srv/tapmask/web/dist": str(DIST),
    }
    for shipped, ours in changes.items():
        assert text.count(shipped) == 1
        text = text.replace(shipped, ours)
    (folder / "tapmask.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""  # or it would not be let into this folder
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder, user=user))
    shutil.copy(TYPES, folder)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return trust


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def host(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """nginx on a free port, with the built app (`site` complains where there is none)."""
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    trust = configure(folder, port)
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with subprocess.Popen(command) as running:
        deadline = time.monotonic() + 60
        while not listens(port):
            assert running.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < deadline, "nginx does not listen"
        yield Host(port, trust)
        running.terminate()


def built(pattern: str) -> str:
    """The address of the one built file with such a name."""
    [file] = DIST.glob(pattern)
    return f"/{file.relative_to(DIST).as_posix()}"


@pytest.mark.parametrize("path", ["/", "/sw.js", "/nothing", "/models/manifest.json"])
def test_nginx_sends_the_same_headers_as_our_server(host: Host, path: str) -> None:
    response, _ = host.get(path)
    assert response.status == (404 if path == "/nothing" else 200)
    assert {name: response.headers.get_all(name) for name in server.HEADERS} == {
        name: [value] for name, value in server.HEADERS.items()
    }


@pytest.mark.parametrize(
    ("pattern", "type_"),
    [
        ("index.html", "text/html"),
        ("assets/ort-wasm-simd-threaded-*.wasm", "application/wasm"),
        ("assets/ort-wasm-simd-threaded-*.mjs", "text/javascript"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("models/tapmask-tiny-decoder.fp16.*.onnx", "application/octet-stream"),
        ("models/manifest.json", "application/json"),
        ("icons/icon.svg", "image/svg+xml"),
    ],
)
def test_content_types_are_those_that_browsers_require(host: Host, pattern: str, type_: str) -> None:
    assert host.get(built(pattern))[0].headers.get_content_type() == type_


def test_precompressed_files_are_served(host: Host) -> None:
    path = built("assets/ort-wasm-simd-threaded-*.wasm")
    packed, body = host.get(path, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert body == (DIST / f"{path[1:]}.gz").read_bytes()
    plain, whole = host.get(path)
    assert "Content-Encoding" not in plain.headers
    assert whole == (DIST / path[1:]).read_bytes()


@pytest.mark.parametrize(
    ("pattern", "lifetime"),
    [
        ("index.html", "no-cache"),
        ("sw.js", "no-cache"),
        ("models/manifest.json", "no-cache"),
        ("assets/index-*.js", "public, max-age=31536000, immutable"),
        ("models/tapmask-tiny-encoder.fp16.*.onnx", "public, max-age=31536000, immutable"),
    ],
)
def test_cache_control_says_how_long_each_file_is_kept(host: Host, pattern: str, lifetime: str) -> None:
    response, _ = host.get(built(pattern))
    assert response.headers["Cache-Control"] == lifetime
    assert host.get(built(pattern), If_None_Match=response.headers["ETag"])[0].status == 304


@pytest.mark.parametrize("path", ["/.tapmask", "/assets/.hidden", "/assets/index-AbCd1234.js", "/../server.py"])
def test_missing_files_are_not_cached(host: Host, path: str) -> None:
    response, _ = host.get(path)
    assert response.status in (400, 404)
    assert "Cache-Control" not in response.headers


def test_the_app_runs_there_with_threads(visit: Visits, host: Host) -> None:
    app = visit(url=f"https://127.0.0.1:{host.port}/", ignore_https_errors=True).open("wasm-threads").is_ready()
    assert app.page.evaluate("crossOriginIsolated")
    expect(app.status).to_have_attribute("data-provider", "wasm-threads")
    app.choose_sample("coffee").tap(*CUP)
