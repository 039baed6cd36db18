"""What is saved: the right pixels, all of them, and none of the rest of the photo."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.app import App
from tests.e2e.expected import Expected, iou
from tests.e2e.pictures import lossless

DISC = (200, 110)

READ_CLIPBOARD = """async () => {
  const [item] = await navigator.clipboard.read();
  const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
  return Array.from(bytes);
}"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return lossless(tmp_path)


@pytest.fixture
def tapped(start: App, photo: Path) -> App:
    return start.choose_file(photo).tap(*DISC)


def pixels(photo: Path) -> np.ndarray:
    with Image.open(photo) as image:
        return np.asarray(image.convert("RGB"))


def assert_cut_out(cutout: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> None:
    """The photo's own colours inside the mask, nothing at all outside."""
    assert mask.any()
    assert not mask.all()
    assert np.array_equal(cutout[..., 3], np.where(mask, 255, 0))
    assert np.array_equal(cutout[mask][:, :3], photo[mask])
    assert not cutout[~mask].any(), "the hidden rest of the photo goes along"


def test_the_mask_is_the_models(tapped: App, photo: Path, expected: Expected) -> None:
    picture = tapped.save("save-mask")
    assert picture.mode == "L"
    assert picture.size == (320, 240)
    assert picture.info["filename"] == "lossless-mask.png"
    assert iou(tapped.mask(), expected.read(photo).tap(*DISC)) >= 0.99


def test_the_cutout_has_the_photos_pixels(tapped: App, photo: Path) -> None:
    assert_cut_out(tapped.cutout(), pixels(photo), tapped.mask())
    assert tapped.save("save-cutout").info["filename"] == "lossless-cutout.png"
    expect(tapped["toast"]).to_contain_text("lossless-cutout.png")


def test_the_cutout_can_be_cropped(tapped: App, photo: Path) -> None:
    mask = tapped.mask()
    tapped["crop"].click()
    expect(tapped["crop"]).to_have_attribute("aria-pressed", "true")
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert_cut_out(tapped.cutout(), pixels(photo)[part], mask[part])
    tapped["crop"].click()
    assert tapped.save("save-cutout").size == (320, 240)


def test_the_cutout_can_be_copied(tapped: App) -> None:
    tapped.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tapped["copy-cutout"].click()
    expect(tapped["toast"]).to_have_text("Cut-out copied")
    copied = np.asarray(Image.open(BytesIO(bytes(tapped.page.evaluate(READ_CLIPBOARD)))).convert("RGBA"))
    assert np.array_equal(copied[..., 3], tapped.cutout()[..., 3])
