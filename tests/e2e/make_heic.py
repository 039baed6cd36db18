"""Writes photos/*.heic again. No test runs it: `pip install pillow-heif`, then `python -m tests.e2e.make_heic`.

Nothing else in the project writes HEIC, so the two small files are kept beside the tests.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pillow_heif

from tests.e2e.pictures import scene

PHOTOS = Path(__file__).with_name("photos")
CLOCKWISE = 3  # HEIF counts quarter turns anticlockwise


def named_profile(name: str) -> bytes:
    """A colour profile with nothing but its name; what a phone writes goes on for 500 bytes."""
    text = name.encode("utf-16-be")
    tag = b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(text), 28) + text
    table = struct.pack(">I4sII", 1, b"desc", 144, len(tag))
    start = struct.pack(">I4sI4s4s4s", 144 + len(tag), b"appl", 0x04000000, b"mntr", b"RGB ", b"XYZ ")
    return start + bytes(12) + b"acsp" + bytes(88) + table + tag


def encode(disc: tuple[int, int, int], **options: Any) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(scene(320, 240, disc)).save(file, quality=80, **options)
    return file.getvalue()


def rotated(file: bytes) -> bytes:
    """The same photo with the property `irot`, which the encoder cannot write: ten bytes more before the pixels."""
    data = bytearray(file)
    associations = data.index(b"ipma") + 4 + 4 + 4 + 2
    last = associations + 1 + data[associations]
    data[last:last] = bytes([0x80 | (data[associations] + 1)])
    data[associations] += 1
    end = data.index(b"ipma") - 4
    data[end:end] = struct.pack(">I4sB", 9, b"irot", CLOCKWISE)
    for box, more in ((b"ipma", 1), (b"ipco", 9), (b"iprp", 10), (b"meta", 10)):
        at = data.index(box) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + more)
    at = data.index(b"iloc") - 4 + 8 + 4 + 2 + 2 + 2 + 2  # where its only item begins
    struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + 10)
    return bytes(data)


if __name__ == "__main__":
    PHOTOS.mkdir(exist_ok=True)
    (PHOTOS / "turned.heic").write_bytes(rotated(encode((230, 90, 60))))
    (PHOTOS / "wide.heic").write_bytes(encode((200, 110, 70), icc_profile=named_profile("Display P3")))
