"""Colour profiles that tests put into pictures."""

from __future__ import annotations

import struct

from PIL import ImageCms

# Display P3's primaries, adapted to the white that profiles are about (D50): X, Y, Z of each.
DISPLAY_P3 = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}


def display_p3() -> bytes:
    """The profile of sRGB with other primaries: the curve is the same."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for entry in range(struct.unpack_from(">I", content, 128)[0]):
        name, at, _ = struct.unpack_from(">4sII", content, 132 + 12 * entry)
        if name in DISPLAY_P3:
            struct.pack_into(">3i", content, at + 8, *(round(value * 65536) for value in DISPLAY_P3[name]))
    return bytes(content)
