"""fetch and models: what arrives is what was published, what broke goes on, and every failure is one clear line."""

import dataclasses
import errno
import hashlib
import threading
from collections import namedtuple
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from click.testing import CliRunner

from export.__main__ import main
from export.models import fetch as fetching
from export.models.registry import OFFICIAL

FILE = bytes(range(256)) * 4000  # a little over a megabyte
HALF = len(FILE) // 2


class Server(ThreadingHTTPServer):
    """A publisher on this machine that keeps what it was asked for, and can be told to behave badly."""

    content, ranges, cut_after, status = FILE, True, None, 200

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked = []


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
        body = server.content[start:]
        self.send_response(206 if start else server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        # Whoever asked may hang up: what the server says of it would turn up in another test's output.
        with suppress(ConnectionError):
            self.wfile.write(body[: server.cut_after])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        publish(monkeypatch, f"http://127.0.0.1:{server.server_port}/weights/mobile_sam.pt")
        yield server
        server.shutdown()
        thread.join()


def publish(monkeypatch, url, content=FILE):
    """Pretend that the official file is `content`."""
    digest = hashlib.sha256(content).hexdigest()
    entry = dataclasses.replace(OFFICIAL["mobile_sam"], url=url, sha256=digest, bytes=len(content), package=None)
    monkeypatch.setitem(OFFICIAL, "mobile_sam", entry)
    monkeypatch.setenv("no_proxy", "*")


def invoke(*arguments):
    result = CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
    return result.exit_code, result.output


def get(folder, *options):
    code, output = invoke("fetch", "mobile_sam", "--to", folder, *options)
    assert code == 0, output
    return output


def refuse(folder, *options):
    """The one line with which it ends."""
    code, output = invoke("fetch", "mobile_sam", "--to", folder, *options)
    assert code == 1, output
    assert output.count("\n") == 1, output
    return output


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_published_file_is_fetched_once(server, tmp_path):
    folder = tmp_path / "new" / "folder"
    assert "mobile_sam.pt (1,024,000 bytes, Apache-2.0)" in get(folder)
    assert (folder / "mobile_sam.pt").read_bytes() == FILE
    get(folder)
    assert server.asked == [None]
    assert names(folder) == ["mobile_sam.pt"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_goes_on_where_an_earlier_one_stopped(server, tmp_path, ranges):
    server.ranges = ranges
    (tmp_path / "mobile_sam.pt.part").write_bytes(FILE[:1000])
    get(tmp_path)
    assert server.asked == ["bytes=1000-"]
    assert (tmp_path / "mobile_sam.pt").read_bytes() == FILE
    assert names(tmp_path) == ["mobile_sam.pt"]


def test_a_cut_connection_is_taken_up_again(server, tmp_path):
    server.cut_after = 400_000
    get(tmp_path)
    assert len(server.asked) == 3
    assert (tmp_path / "mobile_sam.pt").read_bytes() == FILE


def test_a_connection_that_brings_nothing_more_keeps_what_is_there(server, tmp_path):
    (tmp_path / "mobile_sam.pt.part").write_bytes(FILE[:HALF])
    server.cut_after = 0
    assert "broke after 512,000 of 1,024,000 bytes. Run it again: it goes on" in refuse(tmp_path)
    assert (tmp_path / "mobile_sam.pt.part").read_bytes() == FILE[:HALF]
    server.cut_after = None
    get(tmp_path)
    assert (tmp_path / "mobile_sam.pt").read_bytes() == FILE


def test_other_content_of_the_same_length_is_removed_and_named(server, tmp_path):
    server.content = FILE[::-1]
    assert "sha256 differs); it was removed" in refuse(tmp_path)
    assert names(tmp_path) == []


def test_a_part_of_something_else_is_removed_so_that_the_next_run_is_right(server, tmp_path):
    (tmp_path / "mobile_sam.pt.part").write_bytes(bytes(HALF))
    refuse(tmp_path)
    get(tmp_path)
    (tmp_path / "mobile_sam.pt").unlink()
    (tmp_path / "mobile_sam.pt.part").write_bytes(bytes(len(FILE) + 1))
    get(tmp_path)
    assert (tmp_path / "mobile_sam.pt").read_bytes() == FILE


def test_html_page_instead_of_the_file_is_refused(server, tmp_path):
    server.content = b"<html>"
    assert "offers 6 bytes, the published file has 1,024,000" in refuse(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize("status", [404, 503])
def test_an_error_of_the_server_is_named_with_the_address(server, tmp_path, status):
    server.status = status
    line = refuse(tmp_path)
    assert f"/weights/mobile_sam.pt answers {status}" in line
    assert "fetch mobile_sam --from FILE" in line


def test_without_network_one_line_names_address_and_remedy(monkeypatch, tmp_path):
    with Server() as closed:
        url = f"http://127.0.0.1:{closed.server_port}/mobile_sam.pt"
    publish(monkeypatch, url)
    line = refuse(tmp_path / "new")
    assert line.startswith(f"Error: Cannot reach {url} (Connection refused).")
    assert "download it elsewhere, then: python -m export fetch mobile_sam --from FILE" in line
    assert not (tmp_path / "new").exists()


def test_a_disk_without_room_is_noticed_before_the_download(server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage(1, 1, 1000))
    (tmp_path / "mobile_sam.pt.part").write_bytes(FILE[:HALF])
    assert "512,000 more bytes are needed" in refuse(tmp_path)
    assert server.asked == []


def test_a_disk_that_fills_up_on_the_way_keeps_what_has_arrived(server, tmp_path, monkeypatch):
    def full(answer, most):
        yield FILE[:HALF]
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "blocks", full)
        line = refuse(tmp_path)
    assert "No room for" in line
    assert "512,000 bytes are kept" in line
    get(tmp_path)
    assert server.asked == [None, "bytes=512000-"]


def test_a_copy_that_fills_the_disk_leaves_nothing(tmp_path, monkeypatch):
    publish(monkeypatch, "http://unused.invalid/mobile_sam.pt")
    source = tmp_path / "download.pt"
    source.write_bytes(FILE)

    def full(source, target):
        target.write_bytes(FILE[:HALF])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching.shutil, "copyfile", full)
    assert "No room for" in refuse(tmp_path / "to", "--from", source)
    assert names(tmp_path / "to") == []


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "file").write_text("")
    code, output = invoke("fetch", "mobile_sam", "--to", tmp_path / "file" / "folder")
    assert code == 2
    assert f"{tmp_path / 'file'} is a file, not a folder" in output


def test_a_local_file_is_taken_when_its_sum_is_right(monkeypatch, tmp_path):
    publish(monkeypatch, "http://unused.invalid/mobile_sam.pt")
    source = tmp_path / "download.pt"
    source.write_bytes(FILE)
    for _ in range(2):
        get(tmp_path / "to", "--from", source)
        assert (tmp_path / "to" / "mobile_sam.pt").read_bytes() == FILE
    source.write_bytes(FILE[:-1])
    line = refuse(tmp_path / "other", "--from", source)
    assert "(1,023,999 bytes) is not the published mobile_sam.pt (1,024,000 bytes)" in line
    assert "--any-weights" in line
    assert names(tmp_path / "other") == []


def test_any_weights_must_still_be_that_model_s(tmp_path):
    source = tmp_path / "mine.pt"
    torch.save({"image_encoder.patch_embed.seq.0.c.weight": torch.zeros(1)}, source)
    assert "These are not MobileSAM's official weights. missing: " in refuse(
        tmp_path / "to", "--from", source, "--any-weights"
    )
    assert names(tmp_path / "to") == []
    code, output = invoke("fetch", "mobile_sam", "--any-weights")
    assert code == 2
    assert "--from FILE" in output


def test_weights_that_are_there_are_never_overwritten_by_others(server, tmp_path):
    (tmp_path / "mobile_sam.pt").write_bytes(b"mine")
    source = tmp_path / "download.pt"
    source.write_bytes(FILE)
    assert "Move it away" in refuse(tmp_path)
    assert "Move it away" in refuse(tmp_path, "--from", source)
    assert (tmp_path / "mobile_sam.pt").read_bytes() == b"mine"


def test_unknown_name_lists_the_known_ones():
    code, output = invoke("fetch", "sam_vit_g")
    assert code == 2
    assert "'mobile_sam', 'sam_vit_b', 'sam_vit_l', 'sam_vit_h'" in output


def test_models_lists_names_sizes_licences_and_what_is_here(server, tmp_path):
    (tmp_path / "mobile_sam.pt.part").write_bytes(FILE[:HALF])
    (tmp_path / "sam_vit_b_01ec64.pth").write_bytes(b"mine")
    code, output = invoke("models", "--to", tmp_path)
    assert code == 0
    rows = {line.split()[0]: line for line in output.splitlines() if line}
    assert "50% fetched" in rows["mobile_sam"]
    assert "other weights" in rows["sam_vit_b"]
    assert "2,564.6" in rows["sam_vit_h"]
    assert "Apache-2.0  no  " in rows["sam_vit_l"]
    get(tmp_path)
    assert "fetched" in invoke("models", "--to", tmp_path)[1].splitlines()[1]
