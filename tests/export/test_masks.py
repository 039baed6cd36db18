"""What a mask file may be: ids as we write them, one object in any form, a map in colours or in 16 bits; or a clear refusal."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from export.data.drawn import scene
from export.data.masks import decode_mask
from export.data.parts import SampleError
from export.data.samples import ShardDataset

WIDTH, HEIGHT = 160, 120


def drawing(fine: int) -> Image.Image:
    """A disc and a bar, with edges of `fine` × `fine` samples a pixel."""
    canvas = Image.new("L", (WIDTH * fine, HEIGHT * fine))
    pen = ImageDraw.Draw(canvas)
    pen.ellipse([v * fine for v in (30.3, 25.2, 110.6, 95.1)], fill=255)
    pen.rectangle([v * fine for v in (20, 100, 140, 104)], fill=255)
    return canvas.resize((WIDTH, HEIGHT), Image.Resampling.BOX)


SOFT = drawing(8)
TRUTH = np.asarray(SOFT) > 127
HARD = Image.fromarray(TRUTH.astype(np.uint8) * 255)
LABELS = np.zeros((HEIGHT, WIDTH), np.uint8)
for _number in range(5):
    LABELS[20 * _number + 5 : 20 * _number + 22, 10 + 5 * _number : 120] = _number + 1
PALETTE = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 0, 0, 128, 128, 0, 128]


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def objects(content: bytes) -> list[np.ndarray]:
    found = decode_mask(content, "a.png")
    assert all(layer.dtype == np.uint8 for layer in found.layers)
    return [layer == value for layer in found.layers for value in np.unique(layer) if value]


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    return np.logical_and(a, b).sum() / np.logical_or(a, b).sum()


def filled(colour: tuple[int, ...], alpha: Image.Image) -> Image.Image:
    """One colour whose opacity is the object."""
    picture = Image.new("RGB", alpha.size, colour)
    picture.putalpha(alpha)
    return picture


def tinted(mask: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    share = np.asarray(mask)[..., None] / 255
    return Image.fromarray(np.rint(share * np.array(colour)).astype(np.uint8))


def cut_out(alpha: Image.Image) -> Image.Image:
    picture = Image.fromarray(scene(3, WIDTH, HEIGHT)[0])
    picture.putalpha(alpha)
    return picture


FORMS = {
    "as it is": lambda m: encoded(m),
    "RGB": lambda m: encoded(m.convert("RGB")),
    "RGBA": lambda m: encoded(m.convert("RGBA")),
    "LA": lambda m: encoded(m.convert("LA")),
    "16 bits": lambda m: encoded(Image.fromarray(np.asarray(m).astype(np.uint16) * 257)),
    "0 to 1": lambda m: encoded(Image.fromarray(np.asarray(m).astype(np.float32) / 255), "TIFF"),
    "palette of greys": lambda m: encoded(m.quantize()),
    "orange": lambda m: encoded(tinted(m, (240, 130, 20))),
    "white by opacity": lambda m: encoded(filled((255, 255, 255), m)),
    "black by opacity": lambda m: encoded(filled((0, 0, 0), m)),
    "a cut-out": lambda m: encoded(cut_out(m)),
    "dim": lambda m: encoded(m.point(lambda value: value * 2 // 5)),
    "JPEG": lambda m: encoded(m, "JPEG", quality=75),
    "JPEG in RGB": lambda m: encoded(m.convert("RGB"), "JPEG", quality=75),
    "JPEG saved as PNG": lambda m: encoded(Image.open(io.BytesIO(encoded(m, "JPEG", quality=75)))),
    "coarse JPEG": lambda m: encoded(m, "JPEG", quality=20),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("edges", ["hard", "soft"])
def test_one_object_is_one_object_in_any_form(edges, form):
    (found,) = objects(FORMS[form](HARD if edges == "hard" else SOFT))
    assert agreement(found, TRUTH) >= 0.97


@pytest.mark.parametrize("value", [1, 2, 128, 255])
def test_one_value_is_one_object_whichever_it_is(value):
    (found,) = objects(encoded(Image.fromarray(TRUTH.astype(np.uint8) * value)))
    assert np.array_equal(found, TRUTH)


def test_one_bit_is_one_object():
    (found,) = objects(encoded(HARD.convert("1")))
    assert np.array_equal(found, TRUTH)


@pytest.mark.parametrize("radius", [1, 3, 8])
def test_a_blurred_object_ends_where_it_is_half(radius):
    blurred = HARD.filter(ImageFilter.GaussianBlur(radius))
    (found,) = objects(encoded(blurred))
    assert agreement(found, np.asarray(blurred) > np.asarray(blurred).max() / 2) >= 0.99


@pytest.mark.parametrize("fine", [2, 3, 4])
def test_edges_of_a_few_levels_are_edges(fine):
    assert len(objects(encoded(drawing(fine)))) == 1


def palette(ids: np.ndarray, colours: list[int]) -> Image.Image:
    image = Image.new("P", (WIDTH, HEIGHT))
    image.putdata([int(value) for value in ids.ravel()])
    image.putpalette(colours)
    return image


MAPS = {
    "ids": lambda: encoded(Image.fromarray(LABELS)),
    "spread over the range": lambda: encoded(Image.fromarray(LABELS * 50)),
    "16 bits": lambda: encoded(Image.fromarray(LABELS.astype(np.uint16) * 1001)),
    "palette": lambda: encoded(palette(LABELS, PALETTE)),
    "palette in RGB": lambda: encoded(palette(LABELS, PALETTE).convert("RGB")),
    "palette in RGBA": lambda: encoded(palette(LABELS, PALETTE).convert("RGBA")),
    "palette, black last": lambda: encoded(palette((LABELS + 5) % 6, [*PALETTE[3:], 0, 0, 0])),
}


@pytest.mark.parametrize("form", MAPS)
def test_a_map_of_ids_is_as_many_objects(form):
    found = objects(MAPS[form]())
    assert len(found) == 5
    for number in range(1, 6):
        assert any(np.array_equal(mask, number == LABELS) for mask in found)


def test_ids_stay_what_they_are():
    void = LABELS.copy()
    void[:4] = 255
    for ids in (LABELS, void, np.full_like(LABELS, 7), np.zeros_like(LABELS)):
        (layer,) = decode_mask(encoded(Image.fromarray(ids)), "a.png").layers
        assert np.array_equal(layer, ids)


def test_many_small_objects_stay_apart():
    ids = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number in range(250):
        y, x = divmod(number, 25)
        ids[y * 12 + 2 : y * 12 + 5, x * 6 + 1 : x * 6 + 4] = number + 1
    (layer,) = decode_mask(encoded(Image.fromarray(ids)), "a.png").layers
    assert np.array_equal(layer, ids)


def test_more_than_255_objects_lie_in_layers():
    ids = (np.arange(HEIGHT)[:, None] // 6 * 20 + np.arange(WIDTH) // 8 + 1).astype(np.uint16)
    found = objects(encoded(Image.fromarray(ids)))
    assert len(found) == 400
    assert np.array_equal(np.sum(found, axis=0), np.ones((HEIGHT, WIDTH)))


def two_soft_objects() -> Image.Image:
    """A bright one, and a darker one beside it."""
    values = np.asarray(SOFT.point(lambda value: value // 2)).copy()
    values[:, WIDTH // 2 :] = np.asarray(SOFT)[:, WIDTH // 2 :]
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (encoded(Image.fromarray(scene(1)[0])), "many colours"),
        (encoded(Image.fromarray(scene(1)[0]).convert("L")), "levels"),
        (encoded(Image.fromarray(scene(1)[0]).quantize()), "colours"),
        (encoded(two_soft_objects()), "several objects with soft edges"),
        (
            encoded(Image.merge("RGB", [Image.new("L", SOFT.size, 255), *[SOFT.point(lambda v: 255 - v)] * 2])),
            "many colours",
        ),
        (encoded(Image.fromarray(LABELS * 50), "JPEG"), "losses"),
        (encoded(palette(LABELS, PALETTE).convert("RGB"), "JPEG"), "many colours"),
        (encoded(Image.fromarray(np.full((9, 9), np.nan, np.float32)), "TIFF"), "not finite"),
        (encoded(Image.fromarray(np.full((9, 9), -1, np.int32)), "TIFF"), "negative"),
    ],
)
def test_what_is_no_mask_is_refused_in_words(content, told):
    with pytest.raises(SampleError, match=rf"mask b\.png: .*{told}.*a mask is a PNG of object ids"):
        decode_mask(content, "b.png")


def test_half_a_mask_is_none():
    content = encoded(SOFT.resize((640, 480)))
    with pytest.raises(SampleError, match=r"b\.png"):
        decode_mask(content[: len(content) // 2], "b.png")


def sample(folder, ids: np.ndarray, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(scene(0)[0]).save(folder / "a.jpg", exif=exif)
    Image.fromarray(ids).save(folder / "a.png")
    return ShardDataset([folder])[0]


def test_masks_belong_to_the_photo_as_it_is_seen(tmp_path):
    ids = scene(0)[1]
    assert np.array_equal(sample(tmp_path, np.rot90(ids, -1), 6).layers[0], np.rot90(ids, -1))
    with pytest.raises(SampleError, match=r"is 160 × 120, the photo 120 × 160 as it is seen.*turn the mask likewise"):
        sample(tmp_path, ids, 6)
    with pytest.raises(SampleError, match="is 160 × 119, the photo 160 × 120; they must be of one size"):
        sample(tmp_path, ids[:-1], 1)
