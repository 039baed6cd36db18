"""server.py: what it answers, byte for byte, and how it starts and fails."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

import server

ROOT = Path(__file__).resolve().parent.parent
PAGE = b"<!doctype html><title>Tapmask</title>" + b"<p>tap</p>" * 100
SECRET = b"not for you"
FILES = {
    "index.html": PAGE,
    "index.html.br": b"brotli of the page",
    "index.html.gz": gzip.compress(PAGE),
    "sw.js": b"self",
    "manifest.webmanifest": b"{}",
    "empty.txt": b"",
    ".env": SECRET,
    ".git/config": SECRET,
    "assets/index-AbCd_12-.js": b"import",
    "assets/ort-wasm-simd-threaded.jsep-aBcDeFgH.wasm": b"\0asm",
    "assets/ort-wasm-simd-threaded.jsep-aBcDeFgH.wasm.br": b"brotli of the wasm",
    "assets/ort-AbCd1234.mjs": b"export",
    "assets/index-AbCd1234.js.map": b"{}",
    "assets/LICENCE.txt": b"free",
    "models/manifest.json": b"{}",
    "models/tapmask-tiny-encoder.fp16.1a2b3c4d.onnx": bytes(range(256)),
    "models/plain.onnx": b"onnx",
    "samples/coffee-portrait.webp": b"RIFF",
    "icon.svg": b"<svg/>",
    "photo.JPG": b"\xff\xd8",
    "unknown.xyz": b"?",
}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built app, with a secret beside it and links that lead out of it."""
    outside = tmp_path_factory.mktemp("site")
    (outside / "secret.txt").write_bytes(SECRET)
    (outside / "distant").mkdir()  # shares its beginning with "dist"
    (outside / "distant" / "secret.txt").write_bytes(SECRET)
    folder = outside / "dist"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "leak.txt").symlink_to(outside / "secret.txt")
    (folder / "leak").symlink_to(outside, target_is_directory=True)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "inside.txt").symlink_to(folder / "sw.js")
    (folder / "icon.svg.br").symlink_to(outside / "secret.txt")
    return folder


@pytest.fixture(scope="module")
def client(dist: Path) -> FlaskClient:
    return server.create_app(dist).test_client()


def get(client: FlaskClient, path: str, method: str = "GET", **headers: str) -> TestResponse:
    """One request; header names are written with underscores."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(path, method=method, headers=sent, buffered=True)


# Headers


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/", "GET", 200), ("/sw.js", "HEAD", 200), ("/nothing", "GET", 404), ("/", "POST", 405), ("/sw.js", "GET", 304)],
)
def test_every_answer_isolates_the_page(client: FlaskClient, path: str, method: str, status: int) -> None:
    known = {"If_None_Match": "*"} if status == 304 else {}
    response = get(client, path, method, **known)
    assert response.status_code == status
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "geolocation=()" in response.headers["Permissions-Policy"]


def test_the_page_may_talk_to_its_own_origin_only(client: FlaskClient) -> None:
    policy = dict(part.split(" ", 1) for part in get(client, "/").headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    for directive in ("object-src", "base-uri", "frame-ancestors", "form-action"):
        assert policy[directive] == "'none'"
    sources = {source for value in policy.values() for source in value.split()}
    assert sources <= {"'self'", "'none'", "'wasm-unsafe-eval'", "blob:", "data:"}


@pytest.mark.parametrize(
    ("path", "mime"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/assets/ort-AbCd1234.mjs", "text/javascript; charset=utf-8"),
        ("/assets/ort-wasm-simd-threaded.jsep-aBcDeFgH.wasm", "application/wasm"),
        ("/models/plain.onnx", "application/octet-stream"),
        ("/models/manifest.json", "application/json"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon.svg", "image/svg+xml; charset=utf-8"),
        ("/samples/coffee-portrait.webp", "image/webp"),
        ("/photo.JPG", "image/jpeg"),
        ("/unknown.xyz", "application/octet-stream"),
    ],
)
def test_types_do_not_depend_on_the_machine(client: FlaskClient, path: str, mime: str) -> None:
    assert get(client, path).headers["Content-Type"] == mime
    assert get(client, path, Accept_Encoding="br, gzip").headers["Content-Type"] == mime


@pytest.mark.parametrize(
    ("path", "for_ever"),
    [
        ("/", False),
        ("/index.html", False),
        ("/sw.js", False),
        ("/manifest.webmanifest", False),
        ("/models/manifest.json", False),
        ("/models/plain.onnx", False),
        ("/assets/LICENCE.txt", False),
        ("/samples/coffee-portrait.webp", False),  # eight letters after a dash, but not made by Vite
        ("/assets/index-AbCd_12-.js", True),
        ("/assets/index-AbCd1234.js.map", True),
        ("/assets/ort-wasm-simd-threaded.jsep-aBcDeFgH.wasm", True),
        ("/models/tapmask-tiny-encoder.fp16.1a2b3c4d.onnx", True),
    ],
)
def test_only_a_name_with_a_hash_is_kept(client: FlaskClient, path: str, for_ever: bool) -> None:
    expected = "public, max-age=31536000, immutable" if for_ever else "no-cache"
    assert get(client, path).headers["Cache-Control"] == expected


# Encodings


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("identity, br;q=0.5", None),
        ("identity;q=0.5, br", "br"),
        ("br;q=0", None),
        ("zstd", None),
        ("", None),
        ("nonsense;q=x,,;", None),
    ],
)
def test_encoding_is_what_the_client_likes_best(client: FlaskClient, accepted: str, encoding: str | None) -> None:
    response = get(client, "/", Accept_Encoding=accepted)
    suffix = {"br": ".br", "gzip": ".gz", None: ""}[encoding]
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.data == FILES[f"index.html{suffix}"]
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_a_file_that_was_not_compressed_goes_out_plain(client: FlaskClient) -> None:
    response = get(client, "/sw.js", Accept_Encoding="br, gzip")
    assert "Content-Encoding" not in response.headers
    assert response.data == FILES["sw.js"]


def test_a_compressed_file_that_leads_outside_is_not_used(client: FlaskClient) -> None:
    assert get(client, "/icon.svg", Accept_Encoding="br").data == FILES["icon.svg"]


def test_asking_for_the_compressed_file_itself_is_harmless(client: FlaskClient) -> None:
    response = get(client, "/index.html.br", Accept_Encoding="br")
    assert response.data == FILES["index.html.br"]
    assert response.mimetype == "application/octet-stream"
    assert "Content-Encoding" not in response.headers


# Conditional requests


def test_each_encoding_has_a_strong_etag_of_its_own(client: FlaskClient) -> None:
    tags = {get(client, "/", Accept_Encoding=accepted).headers["ETag"] for accepted in ("br", "gzip", "identity")}
    assert len(tags) == 3
    assert all(re.fullmatch(r'"[^"]+"', tag) for tag in tags)


@pytest.mark.parametrize("accepted", ["br", "gzip", "identity"])
def test_an_unchanged_file_is_not_sent_again(client: FlaskClient, accepted: str) -> None:
    first = get(client, "/", Accept_Encoding=accepted)
    again = get(client, "/", Accept_Encoding=accepted, If_None_Match=f'"other", {first.headers["ETag"]}')
    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Vary", "Cache-Control"):
        assert again.headers[name] == first.headers[name]
    other = get(client, "/", Accept_Encoding=accepted, If_None_Match='"other"')
    assert (other.status_code, other.data) == (200, first.data)


def test_dates_are_a_condition_too(client: FlaskClient) -> None:
    modified = get(client, "/sw.js").headers["Last-Modified"]
    assert get(client, "/sw.js", If_Modified_Since=modified).status_code == 304
    assert get(client, "/sw.js", If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status_code == 200


def test_a_rebuild_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_bytes(b"old")
    client = server.create_app(tmp_path).test_client()
    tag = get(client, "/").headers["ETag"]
    page.write_bytes(b"newer")
    response = get(client, "/", If_None_Match=tag)
    assert (response.status_code, response.data) == (200, b"newer")


# Ranges

MODEL = "/models/tapmask-tiny-encoder.fp16.1a2b3c4d.onnx"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=250-", 250, 255), ("bytes=-6", 250, 255), ("bytes=10-999", 10, 255)],
)
def test_a_range_is_sent(client: FlaskClient, asked: str, first: int, last: int) -> None:
    response = get(client, MODEL, Range=asked)
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/256"
    assert response.data == bytes(range(first, last + 1))
    assert int(response.headers["Content-Length"]) == len(response.data)


def test_a_range_beyond_the_end_is_refused(client: FlaskClient) -> None:
    response = get(client, MODEL, Range="bytes=256-")
    assert response.status_code == 416
    assert response.headers["Content-Range"] == "bytes */256"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=0-1", "bytes=x", "bytes=5-2", "nonsense"])
def test_other_ranges_are_ignored(client: FlaskClient, asked: str) -> None:
    response = get(client, MODEL, Range=asked)
    assert (response.status_code, response.data) == (200, FILES[MODEL[1:]])


def test_a_range_is_one_of_the_plain_file(client: FlaskClient) -> None:
    response = get(client, "/", Range="bytes=0-14", Accept_Encoding="br")
    assert (response.status_code, response.data) == (206, b"<!doctype html>")
    assert "Content-Encoding" not in response.headers


def test_an_outdated_range_gets_the_whole_file(client: FlaskClient) -> None:
    tag = get(client, MODEL).headers["ETag"]
    assert get(client, MODEL, Range="bytes=0-9", If_Range=tag).status_code == 206
    assert get(client, MODEL, Range="bytes=0-9", If_Range='"other"').status_code == 200


def test_head_is_get_without_the_body(client: FlaskClient) -> None:
    for path in ("/", MODEL, "/empty.txt"):
        head, whole = get(client, path, "HEAD"), get(client, path)
        assert head.data == b""
        for name in ("ETag", "Content-Length", "Content-Type"):
            assert head.headers[name] == whole.headers[name]
    assert get(client, MODEL, "HEAD", Range="bytes=0-9").status_code == 200


# What is not served


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/sw.js"])
def test_nothing_can_be_written(client: FlaskClient, method: str, path: str) -> None:
    response = get(client, path, method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}


TRICKS = [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/assets/../../secret.txt",
    "/assets/../sw.js",
    "/../distant/secret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/%252e%252e/secret.txt",
    "//etc/passwd",
    "///etc/passwd",
    "/%2fetc/passwd",
    "/file:///etc/passwd",
    "/C:/Windows/win.ini",
    "/sw.js%00",
    "/sw.js%00.html",
    "/sw.js/",
    "/sw.js/.",
    "/./sw.js",
    "/assets//LICENCE.txt",
    "/assets",
    "/assets/",
    "/.env",
    "/.git/config",
    "/leak.txt",
    "/leak/secret.txt",
    "/leak/dist/sw.js/../../secret.txt",
    "/loop",
    "/" + "a" * 5000,
    "/%ff%fe",
    "/~root",
    "*",
]


@pytest.fixture(scope="module")
def running(dist: Path) -> Iterator[tuple[str, int]]:
    """A server in a process of its own, as host and port."""
    with running_server("--dist", str(dist)) as line:
        yield "127.0.0.1", int(line.rstrip("/\n").rpartition(":")[2])


@contextlib.contextmanager
def running_server(*options: str) -> Iterator[str]:
    """server.py on a free port; the line that tells its address."""
    command = [sys.executable, "server.py", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline()
        finally:
            process.terminate()


@pytest.mark.parametrize("path", TRICKS)
def test_path_tricks_find_nothing(running: tuple[str, int], path: str) -> None:
    with contextlib.closing(http.client.HTTPConnection(*running, timeout=20)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    assert response.status == 404
    assert body == b"404 Not Found\n"


PATH_PARTS = ["..", ".", "/", "//", "\\", "\0", "%2e", "~", "leak", "secret.txt", "sw.js", "assets"]


@given(st.lists(st.sampled_from(PATH_PARTS)))
def test_no_path_leads_out(client: FlaskClient, parts: list[str]) -> None:
    path = "".join(parts).lstrip("/")  # Werkzeug takes any number of slashes at the beginning for one
    response = client.get("/", environ_overrides={"PATH_INFO": "/" + path}, buffered=True)
    known = {"": PAGE, "sw.js": FILES["sw.js"]}
    assert (response.status_code, response.data) == ((200, known[path]) if path in known else (404, b"404 Not Found\n"))


def test_a_link_that_stays_inside_is_followed(client: FlaskClient) -> None:
    assert get(client, "/inside.txt").data == FILES["sw.js"]


def test_a_missing_build_says_what_to_run(tmp_path: Path) -> None:
    client = server.create_app(tmp_path / "web" / "dist").test_client()
    for path in ("/", "/assets/index-AbCd1234.js"):
        response = get(client, path)
        assert response.status_code == 503
        assert response.mimetype == "text/html"
        assert response.headers["Cache-Control"] == "no-store"
        assert "make demo" in response.text


# Starting


def fails(*options: str) -> str:
    """The one line with which server.py gives up."""
    done = subprocess.run([sys.executable, "server.py", *options], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_the_address_is_told_once_it_answers(dist: Path) -> None:
    with running_server("--dist", str(dist)) as line:
        match = re.fullmatch(r"Tapmask is running at http://127\.0\.0\.1:(\d+)/\n", line)
        assert match
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", int(match[1]), timeout=20)) as connection:
            connection.request("GET", "/?provider=wasm")
            response = connection.getresponse()
            assert response.read() == PAGE
    names = [name.lower() for name, _ in response.getheaders()]
    assert len(names) == len(set(names))


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = fails("--port", str(port))
    assert f"Port {port} is taken" in line
    assert "--port" in line


def test_an_unknown_host_is_named() -> None:
    assert "nowhere.invalid" in fails("--host", "nowhere.invalid", "--port", "0")


@pytest.mark.parametrize("options", [["--port", "http"], ["--port", "65536"], ["--cert", "only.pem"]])
def test_options_that_make_no_sense(options: list[str]) -> None:
    result = CliRunner().invoke(server.main, options)
    assert result.exit_code == 2
    assert options[0] in result.output


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[trustme.CA, Path, Path]:
    """An authority, and the files of a certificate for loopback and its key."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(cert))
    issued.private_key_pem.write_to_path(str(key))
    return authority, cert, key


def test_https_with_a_certificate(dist: Path, certificate: tuple[trustme.CA, Path, Path]) -> None:
    authority, cert, key = certificate
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with running_server("--dist", str(dist), "--cert", str(cert), "--key", str(key)) as line:
        match = re.fullmatch(r"Tapmask is running at https://127\.0\.0\.1:(\d+)/\n", line)
        assert match
        port = int(match[1])
        # A client that never shakes hands must not keep the next one waiting.
        with socket.create_connection(("127.0.0.1", port)):
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
            with contextlib.closing(connection):
                connection.request("GET", "/")
                assert connection.getresponse().read() == PAGE


def test_certificate_files_that_cannot_be_used_are_named(certificate: tuple[trustme.CA, Path, Path]) -> None:
    _, cert, key = certificate
    absent = cert.with_name("absent.pem")
    assert str(absent) in fails("--port", "0", "--cert", str(absent), "--key", str(key))
    assert str(absent) in fails("--port", "0", "--cert", str(cert), "--key", str(absent))
    assert str(key) in fails("--port", "0", "--cert", str(key), "--key", str(key))
    foreign = shutil.copy(key, key.with_name("foreign.pem"))
    trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(str(foreign))
    assert str(foreign) in fails("--port", "0", "--cert", str(cert), "--key", str(foreign))
