"""Photos come out upright, in 8-bit sRGB and opaque, however they are stored; and what is cut short is grey where nothing is."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from export.data.background import on_background
from export.data.colours import levels
from export.data.decoded import _say_cut, decode_photo, read_photo
from export.data.drawn import scene
from export.data.parts import SampleError
from export.data.photos import Photos
from export.onnx.verify import read_photos
from tests.export.conftest import run

TURNS = {
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}  # fmt: skip
HEIC = Path(__file__).resolve().parents[1] / "e2e" / "photos"
PIXELS = scene(2, 48, 32)[0]


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def read(content: bytes) -> np.ndarray:
    return decode_photo(content, "a photo")[0]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 100, "subsampling": 0}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("AVIF", {"quality": 100}),
    ],
)
@pytest.mark.parametrize("orientation", TURNS)
def test_a_photo_is_turned_as_its_exif_says(kind, options, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    found, _ = decode_photo(encoded(Image.fromarray(PIXELS), kind, exif=exif, **options), "a photo")
    expected = TURNS[orientation](PIXELS)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 6


def test_a_heic_photo_is_upright():
    assert read_photo(HEIC / "turned.heic").shape == (320, 240, 3)
    assert read_photo(HEIC / "wide.heic").shape == (240, 320, 3)


def test_damaged_exif_turns_nothing():
    content = encoded(Image.fromarray(PIXELS), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\xff\x01\x12")
    assert np.array_equal(read(content), PIXELS)


def test_every_command_reads_photos_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    (tmp_path / "a.webp").write_bytes(encoded(Image.fromarray(PIXELS[::-1, ::-1]), "WEBP", lossless=True, exif=exif))
    for found in (Photos([tmp_path])[0], read_photos(tmp_path)[0], read_photo(tmp_path / "a.webp")):
        assert np.array_equal(found, PIXELS)


def test_evaluate_gives_a_turned_photo_the_figures_of_the_upright_one(checkpoint, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    told = []
    pixels, ids = scene(4)
    for name, stored in (("plain", pixels), ("turned", np.rot90(pixels))):
        folder = tmp_path / name / "set"
        folder.mkdir(parents=True)
        options = {} if name == "plain" else {"exif": exif}
        Image.fromarray(stored).save(folder / "a.webp", lossless=True, **options)
        Image.fromarray(ids).save(folder / "a.png")
        told.append(run("evaluate", "--checkpoint", checkpoint, "--data", folder, "--no-noc").splitlines())
    (plain, turned) = ([line for line in lines if line.strip().startswith("set ")] for lines in told)
    assert plain == turned


GREY = np.tile(np.linspace(0, 255, 64).round().astype(np.uint8), (40, 1))
DEEP = GREY.astype(np.uint16) * 257


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        ("PNG", Image.fromarray(DEEP)),
        ("TIFF", Image.fromarray(DEEP)),
        ("TIFF", Image.fromarray(DEEP.astype(">u2"))),
        ("PPM", Image.fromarray(DEEP)),
        ("TIFF", Image.fromarray(DEEP.astype(np.int32))),
        ("TIFF", Image.fromarray(GREY.astype(np.int32))),
        ("TIFF", Image.fromarray(GREY.astype(np.float32) / 255)),
        ("TIFF", Image.fromarray(GREY.astype(np.float32))),
        ("PNG", Image.fromarray(GREY)),
        ("PNG", Image.fromarray(GREY).convert("LA")),
        ("PNG", Image.fromarray(GREY).convert("P")),
        ("TIFF", Image.fromarray(GREY).convert("RGB").convert("CMYK")),
        ("TIFF", Image.fromarray(GREY).convert("RGB").convert("YCbCr")),
        ("JPEG", Image.fromarray(GREY).convert("CMYK")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.mode,
)
def test_grey_is_the_same_grey_in_every_mode(kind, image):
    options = {"quality": 100} if kind == "JPEG" else {}
    found = read(encoded(image, kind, **options)).astype(int)
    assert np.abs(found - GREY[..., None]).max() <= 4


def test_a_drawing_in_one_bit_is_black_and_white():
    found = read(encoded(Image.fromarray(GREY > 99), "PNG"))
    assert np.array_equal(found[..., 0], (GREY > 99) * 255)


def test_numbers_without_a_stated_range_get_that_of_their_values():
    for values in (np.array([[-100, 900]], np.int32), np.array([[-5.0, 5.0]]), np.array([[0, 1e6]])):
        assert levels(values).tolist() == [[0, 255]]
    assert levels(np.array([[0.0, 0.5, np.nan, np.inf]])).tolist() == [[0, 128, 0, 255]]


def test_deep_grey_with_one_clear_level_lies_on_a_ground():
    content = encoded(Image.fromarray(np.where(GREY < 200, 0, 20 * 257).astype(np.uint16)), "PNG", transparency=0)
    assert read(content)[0, [0, -1], 0].tolist() == [255, 20]


def test_deep_colours_with_a_clear_one_lie_on_a_ground():
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    row = b"\0" + np.repeat(np.array([40000, 0], ">u2"), 3).tobytes()
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 2, 1, 16, 2, 0, 0, 0))
    content += chunk(b"tRNS", struct.pack(">3H", 40000, 40000, 40000))
    content += chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    assert read(content)[0].tolist() == [[255] * 3, [0] * 3]


def lab_profile_of(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def wide_profile() -> bytes:
    """sRGB with red and green exchanged: no colour stays what it was."""
    content = bytearray(lab_profile_of("sRGB"))
    red, green = content.find(b"rXYZ"), content.find(b"gXYZ")
    content[red : red + 4], content[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(content)


def test_a_colour_profile_is_converted_from():
    profile = wide_profile()
    content = encoded(Image.fromarray(PIXELS), "PNG", icc_profile=profile)
    assert np.abs(read(content).astype(int) - PIXELS[..., [1, 0, 2]]).max() <= 3
    clear = Image.fromarray(np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)]))
    assert np.array_equal(read(encoded(clear, "PNG", icc_profile=profile)), read(content))


def test_a_photo_that_is_srgb_anyway_stays_as_it_is():
    assert np.array_equal(read(encoded(Image.fromarray(PIXELS), "PNG", icc_profile=lab_profile_of("sRGB"))), PIXELS)


@pytest.mark.parametrize("profile", [b"no profile", lab_profile_of("sRGB")[:200]])
def test_a_damaged_profile_is_left_out_of_account(profile):
    assert np.array_equal(read(encoded(Image.fromarray(PIXELS), "PNG", icc_profile=profile)), PIXELS)


def test_a_grey_photo_with_a_profile_of_colours_is_grey():
    found = read(encoded(Image.fromarray(GREY), "PNG", icc_profile=wide_profile())).astype(int)
    assert np.abs(found - GREY[..., None]).max() <= 3


def test_a_lab_photo_has_its_colours():
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(Image.fromarray(PIXELS), to_lab)
    assert lab is not None
    assert np.abs(read(encoded(lab, "TIFF")).astype(int) - PIXELS).mean() < 2


def disc(colour: tuple[int, int, int], hidden: tuple[int, int, int]) -> np.ndarray:
    """RGBA (60, 80, 4): a disc of one colour with soft edges, on nothing that hides another."""
    y, x = np.mgrid[:60, :80]
    alpha = np.clip(20.5 - np.hypot(x - 40, y - 30), 0, 1)
    pixels = np.where((alpha > 0)[..., None], np.array(colour), np.array(hidden))
    return np.dstack([pixels, np.rint(alpha * 255)]).astype(np.uint8)


@pytest.mark.parametrize(
    ("colour", "ground"), [((0, 0, 0), 255), ((255, 255, 255), 0), ((200, 30, 20), 255), ((250, 240, 90), 0)]
)
@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (90, 0, 180)])
def test_a_drawing_lies_on_a_ground_that_it_stands_out_from(colour, ground, hidden):
    pixels = disc(colour, hidden)
    for kind in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        found = read(encoded(Image.fromarray(pixels), kind, **options))
        assert found[0, 0].tolist() == [ground] * 3
        assert found[30, 40].tolist() == list(colour)


def test_a_palette_with_a_clear_colour_lies_on_a_ground():
    image = Image.fromarray(disc((0, 0, 0), (0, 0, 0))[..., 3] // 255).convert("P")
    image.putpalette([9, 9, 9, 0, 0, 0])
    assert read(encoded(image, "PNG", transparency=0))[0, 0].tolist() == [255] * 3
    assert read(encoded(image, "GIF", transparency=0))[0, 0].tolist() == [255] * 3


def test_what_cannot_be_seen_at_all_is_black():
    assert not on_background(np.dstack([np.full((4, 4, 3), 200, np.uint8), np.zeros((4, 4), np.uint8)])).any()


def test_half_opacity_is_rounded_as_in_the_page():
    assert on_background(np.array([[[100, 100, 100, 128]]], np.uint8))[0, 0].tolist() == [177] * 3


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_whose_end_is_missing_is_grey_where_nothing_is(options, capsys):
    _say_cut.cache_clear()
    pixels = scene(3, 320, 240)[0]
    content = encoded(Image.fromarray(pixels), "JPEG", quality=90, **options)
    whole = read(content)
    assert np.array_equal(decode_photo(content[:-2], "no end.jpg")[0], whole)
    assert "no end.jpg is missing" in capsys.readouterr().err
    part = decode_photo(content[: len(content) * 6 // 10], "part.jpg")[0]
    if not options:
        assert np.array_equal(part[:80], whole[:80])
        assert (part[-20:] == 128).all()
    decode_photo(content[: len(content) * 6 // 10], "part.jpg")
    assert capsys.readouterr().err.count("part.jpg") == 1


def test_a_png_whose_end_is_missing_is_grey_where_nothing_is(capsys):
    content = encoded(Image.fromarray(scene(3, 320, 240)[0]), "PNG")
    part = decode_photo(content[: len(content) * 6 // 10], "part.png")[0]
    assert np.array_equal(part[:80], read(content)[:80])
    assert (part[-20:] == 128).all()
    assert "part.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>not found</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", "Git LFS pointer"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xff\xd8\xff\xe0 no more", "photo"),
        (b"\x00\x01\x02\x03" * 20, "not an image"),
    ],
)
def test_what_is_no_photo_is_named_with_what_it_is(tmp_path, content, told):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(SampleError, match=rf"photo\.jpg.*{told}|{told}.*photo\.jpg"):
        read_photo(path)
    with pytest.raises(SampleError, match="folder"):
        read_photo(tmp_path)
