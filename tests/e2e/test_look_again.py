"""Small things are looked at again: the outline settles on what a region of its own shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.expected import Expected, iou
from tests.e2e.models import TINY
from tests.e2e.pictures import scene

pytestmark = pytest.mark.real_model(TINY)
WIDTH, HEIGHT = 1600, 1200
CROSS = (1103, 371)  # its middle
ARM, HALF = 34, 11  # half its length, half its width: 0.14 % of the photo
FINE = 0.85


def cross() -> np.ndarray:
    """The cross's own pixels, (HEIGHT, WIDTH) bool."""
    x, y = CROSS
    picture = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((x - ARM, y - HALF, x + ARM, y + HALF), fill=1)
    draw.rectangle((x - HALF, y - ARM, x + HALF, y + ARM), fill=1)
    return np.asarray(picture) > 0


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A large photo with a small yellow cross on it."""
    pixels = np.asarray(scene(WIDTH, HEIGHT, (400, 600, 300))).copy()
    pixels[cross()] = (240, 220, 60)
    path = tmp_path / "cross.png"
    Image.fromarray(pixels).save(path)
    return path


def near(app: App, yes: bool = True) -> App:
    """Wait until the answer that is shown is one from near, or from afar."""
    expect(app.stage).to_have_attribute("data-near", str(yes).lower(), timeout=PATIENCE)
    return app.is_ready()


def test_a_small_thing_is_seen_better_for_further_taps_and_undo_too(app: App, photo: Path, expected: Expected) -> None:
    truth = cross()
    afar = iou(expected.read(photo).tap(*CROSS), truth)
    near(app.open(look=None).choose_file(photo).tap(*CROSS))
    seen = app.mask()
    assert iou(seen, truth) > max(afar + 0.1, FINE)
    # A tap beside the arms, where there is nothing, is answered in the same region.
    near(app.right_click(CROSS[0] + 25, CROSS[1] + 25))
    assert iou(app.mask(), truth) > FINE
    app["undo"].click()
    assert np.array_equal(near(app).mask(), seen)


def test_a_large_thing_is_looked_at_once(app: App, photo: Path, expected: Expected) -> None:
    app.open(look=None).choose_file(photo).tap(400, 600)
    assert iou(near(app, False).mask(), expected.read(photo).tap(400, 600)) > 0.97


def test_it_comes_back_as_it_was_after_a_reload(app: App, photo: Path) -> None:
    seen = near(app.open(look=None).choose_file(photo).tap(*CROSS)).mask()
    app.page.reload()
    assert iou(near(app.shows("cross")).mask(), seen) > 0.99
