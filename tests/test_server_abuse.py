"""server.py under clients that mean no good, or that are broken: it stays up, answers the others, and says nothing of itself."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

ROOT = Path(__file__).resolve().parent.parent
PAGE = b"<!doctype html><title>Tapmask</title>"
BIG = bytes(range(256)) * 4096  # 1 MiB
CROWD = 200
PATIENCE = 30  # seconds


@dataclass
class Running:
    """server.py in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def get(self, path: str = "/", **headers: str) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            return response.status, response.read()

    def raw(self, request: bytes) -> bytes:
        """All that comes back for these bytes, until the server hangs up."""
        with self.connect() as client:
            with contextlib.suppress(OSError):  # it may have hung up at the first bytes
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
            return _rest(client)

    def is_well(self) -> None:
        assert self.process.poll() is None
        assert self.get() == (200, PAGE)


def _rest(client: socket.socket) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):  # it hung up before it had read all that was sent
        while part := client.recv(65536):
            received += part
    return received


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "dist"
    folder.mkdir()
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "index.html").write_bytes(PAGE)
    (folder / "big.bin").write_bytes(BIG)
    return folder


@contextlib.contextmanager
def running_server(dist: Path, *options: str) -> Iterator[Running]:
    """server.py on a free port; what it wrote about errors must be nothing."""
    command = [sys.executable, "server.py", "--port", "0", "--dist", str(dist), *options]
    errors = dist.parent / "errors.txt"
    with (
        open(errors, "w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout
        try:
            line = process.stdout.readline()
            yield Running(process, int(line.rstrip("/\n").rpartition(":")[2]))
        finally:
            process.terminate()
    assert "Traceback" not in errors.read_text()


@pytest.fixture(scope="module")
def running(dist: Path) -> Iterator[Running]:
    """One for all tests: whatever is done to it, it has to answer the next."""
    with running_server(dist) as running:
        yield running


def test_200_connections_at_once_are_answered(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect()) for _ in range(CROWD)]
        for client in clients:
            client.sendall(b"GET /big.bin HTTP/1.0\r\n\r\n")
        answers = [_rest(client) for client in clients]
    assert {answer.partition(b"\r\n\r\n")[2] == BIG for answer in answers} == {True}
    running.is_well()


def test_200_clients_that_say_nothing_keep_nobody_waiting(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(CROWD):
            client = stack.enter_context(running.connect())
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "[: number % 40])  # and never the rest
        since = time.monotonic()
        running.is_well()
        assert time.monotonic() - since < PATIENCE / 2
    running.is_well()


def test_a_client_that_reads_slowly_gets_everything_while_others_are_answered(running: Running) -> None:
    with running.connect() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        slow.sendall(b"GET /big.bin HTTP/1.0\r\n\r\n")
        received = slow.recv(1000)
        for _ in range(5):
            running.is_well()
            received += slow.recv(1000)
        received += _rest(slow)
    assert received.partition(b"\r\n\r\n")[2] == BIG


def test_http_1_0_is_answered_and_the_connection_ends(running: Running) -> None:
    head, _, body = running.raw(b"GET / HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
    assert head.splitlines()[0].endswith(b" 200 OK")
    assert b"Cross-Origin-Opener-Policy: same-origin" in head
    assert body == PAGE


MANY_RANGES = "bytes=" + ",".join(f"{start}-" for start in range(1000))


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [
        (MANY_RANGES, 200, len(BIG)),
        ("bytes=0-0,0-0,0-0,0-0", 200, len(BIG)),
        ("bytes=-1", 206, 1),
        ("bytes=0-99999999999999999999", 206, len(BIG)),
        ("bytes=5-2", 200, len(BIG)),
        ("bytes=-0", 200, len(BIG)),
        ("bytes=99999999999999999999-", 416, None),
        ("bytes=--5", 200, len(BIG)),
        ("bytes=" + "9" * 5000 + "-", 200, len(BIG)),
        ("lines=1-2", 200, len(BIG)),
        ("bytes", 200, len(BIG)),
    ],
    ids=lambda value: str(value)[:24],
)
def test_ranges_that_ask_for_too_much(running: Running, asked: str, status: int, length: int | None) -> None:
    answer, body = running.get("/big.bin", Range=asked)
    assert answer == status
    assert length is None or len(body) == length
    running.is_well()


REQUESTS = {
    "nothing": b"",
    "line ends only": b"\r\n\r\n\r\n\r\n",
    "noise": bytes(range(256)) * 8,
    "TLS to a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "no version": b"GET /\r\n\r\n",
    "a version that is none": b"GET / HTTP/9.9\r\n\r\n",
    "a line without an end": b"GET /" + b"a" * 200_000,
    "too many headers": b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % number for number in range(5000)) + b"\r\n",
    "a header without an end": b"GET / HTTP/1.1\r\nX: " + b"b" * 500_000,
    "a header without a colon": b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    "a negative length": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
    "two lengths": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a length that is no number": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
    "chunks that are none": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "a body that is cut off": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello",
    "a host with a line end": b"GET / HTTP/1.1\r\nHost: a\rSet-Cookie: b\r\n\r\n",
    "an address of another site": b"GET http://example.com/secret.txt HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "a tunnel": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two at once": b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /../secret.txt HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_requests_that_are_none_change_nothing(running: Running, request_: bytes) -> None:
    answer = running.raw(request_)
    assert b"secret" not in answer
    assert b"Traceback" not in answer
    assert b"Python" not in answer
    assert b"Werkzeug" not in answer
    assert not answer or answer.startswith((b"HTTP/1.", PAGE)) or b"<title>Error response</title>" in answer
    running.is_well()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(dist: Path, authority: trustme.CA, tmp_path: Path) -> Iterator[Running]:
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(str(cert))
    issued.private_key_pem.write_to_path(str(key))
    with running_server(dist, "--cert", str(cert), "--key", str(key)) as running:
        yield running


def test_bad_tls_keeps_nobody_out(secure: Running, authority: trustme.CA) -> None:
    with secure.connect():  # one that never says a word
        for greeting in (
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            bytes(300),
            b"\x16\x03\x01\xff\xff" + b"x" * 300,
            b"\x80",
        ):
            assert PAGE not in secure.raw(greeting)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.set_ciphers("NULL:@SECLEVEL=0")  # no encryption at all
        with secure.connect() as client, pytest.raises(ssl.SSLError):
            old.wrap_socket(client)
        distrusting = ssl.create_default_context()
        with secure.connect() as client, pytest.raises(ssl.SSLError):
            distrusting.wrap_socket(client, server_hostname="127.0.0.1")
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        with contextlib.closing(
            http.client.HTTPSConnection("127.0.0.1", secure.port, context=trusting, timeout=PATIENCE)
        ) as connection:
            connection.request("GET", "/")
            assert connection.getresponse().read() == PAGE
    assert secure.process.poll() is None
