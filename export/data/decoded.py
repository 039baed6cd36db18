"""Image files as they are meant to be seen: whole or cut short, upright as their EXIF says, the first picture of several.

Every command reads its photos here (`read_photo`): 8 bits a channel, sRGB, opaque. Masks come through `upright` too, see masks.py.
"""

import functools
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pi_heif
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from export.data.background import on_background
from export.data.colours import srgb
from export.data.parts import SampleError
from export.filetype import told
from export.messages import note

pi_heif.register_heif_opener()

GREY = 128  # of what a file that was cut short does not hold, as libjpeg fills it
END_OF_JPEG = b"\xff\xd9"
PHOTO_ENDINGS = (".webp", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".avif", ".heic", ".heif")  # beside <key>.png masks
# What Pillow's readers raise for damaged files.
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Upright:
    """A decoded file: the picture as it is meant to be seen, and what the file says of itself.

    `stored`: (width, height) before it was turned; `format`: as Pillow calls it, e.g. JPEG; `cut`: its end is missing.
    """

    image: Image.Image
    stored: tuple[int, int]
    format: str
    cut: bool


def upright(content: bytes, whole: bool = False) -> Upright:
    """Decode a file and turn it as its EXIF says (1 … 8). `whole`: one that was cut short is an error, too.

    Raises SampleError with the reason, without the file's name.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about size and damaged metadata
        try:
            image, cut = _loaded(content), False
        except UNREADABLE as error:
            again = None if whole else _loaded_in_part(content)
            if again is None:
                raise SampleError(_reason(content, error)) from error
            image, cut = again, True
        stored, kind = image.size, image.format or ""
        try:
            turned = ImageOps.exif_transpose(image)
        except UNREADABLE:  # damaged EXIF turns nothing
            turned = image
    return Upright(turned, stored, kind, cut)


def decode_photo(content: bytes, name: str) -> tuple[np.ndarray, tuple[int, int]]:
    """Return a photo as (H, W, 3) uint8 sRGB, opaque and upright, and its stored size (width, height).

    What is transparent lies on black or white (`background`). A file that was cut short is grey where nothing is, and named on
    stderr once. Raises SampleError that names `name` if nothing can be read.
    """
    try:
        found = upright(content)
        pixels = on_background(np.asarray(srgb(found.image)))
    except SampleError as error:
        raise SampleError(f"Cannot read photo {name}: {error.message}") from error
    if found.cut:
        _say_cut(name)
    return pixels, found.stored


def read_photo(path: Path) -> np.ndarray:
    """Return the photo in a file as `decode_photo` does; SampleError if it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SampleError(f"Cannot read photo {path}: {told(path) or error.strerror or error}.") from error
    return decode_photo(content, str(path))[0]


def _loaded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def _loaded_in_part(content: bytes) -> Image.Image | None:
    """What can be read of a file that was cut short, grey where nothing is; None if nothing can."""
    try:
        if content.startswith(b"\xff\xd8"):
            return _loaded(content + END_OF_JPEG)
        with _truncated_images():
            return _grey_at_the_end(_loaded(content))
    except UNREADABLE:
        return None


@contextmanager
def _truncated_images() -> Iterator[None]:
    """Let Pillow return what it has read; it has no other switch than this global one."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _grey_at_the_end(image: Image.Image) -> Image.Image | None:
    """The picture with grey in the rows that were never written, or None if that is all of them."""
    rows = np.asarray(image).reshape(image.height, -1).any(1)
    if not rows.any():
        return None
    first = int(np.flatnonzero(rows)[-1]) + 1
    if first < image.height:
        alpha = image.has_transparency_data
        info, exif = image.info, image.getexif()
        image = image.convert("RGBA" if alpha else "RGB")
        colour = (GREY, GREY, GREY, 255) if alpha else (GREY, GREY, GREY)
        image.paste(colour, (0, first, image.width, image.height))
        image.info = {**info, "exif": exif.tobytes()}
    return image


def _reason(content: bytes, error: Exception) -> str:
    stranger = told(content)
    if stranger:
        return f"{stranger}."
    if isinstance(error, UnidentifiedImageError):  # its own message holds an address in memory
        return "it is not an image."
    return f"{str(error) or type(error).__name__}".rstrip(".") + "."


@functools.cache
def _say_cut(name: str) -> None:
    note(f"The end of photo {name} is missing; what could not be read of it is grey.")
