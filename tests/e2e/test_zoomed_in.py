"""Who zooms in and taps means what is in sight: the view is encoded by itself, and answers where what it shows is seen whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from export.models.closer import CloserPhoto
from export.models.look_again import Region, region_around
from export.models.predictor import Prompt
from tests.e2e.app import PATIENCE, App
from tests.e2e.expected import Expected, iou
from tests.e2e.pictures import scene

WIDTH, HEIGHT = 1600, 1200
PLACE = (1000, 500)
LOOKS = "(count) => performance.getEntriesByName('tapmask:look-again').length === count"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo on which the discs are large, seen from afar: nothing small to look at again."""
    path = tmp_path / "scene.png"
    scene(WIDTH, HEIGHT, (400, 600, 300)).save(path)
    return path


def zoom_in(app: App) -> Region:
    """Zoom in on PLACE with the wheel, to less than half of the photo; the square that is then in sight."""
    app.page.mouse.move(*app.view.css(*PLACE))
    while app.view.scale < 2:
        before = app.stage.get_attribute("data-view") or ""
        app.page.mouse.wheel(0, -400)  # which the page may hear of later: another turn meanwhile would zoom too far
        expect(app.stage).not_to_have_attribute("data-view", before)
    box, view = app.stage.bounding_box(), app.view
    assert box
    left, top = (box["x"] - view.x) / view.scale, (box["y"] - view.y) / view.scale
    right, bottom = left + box["width"] / view.scale, top + box["height"] / view.scale
    last_x, last_y = (min(int(np.ceil(end)), most) - 1 for end, most in ((right, WIDTH), (bottom, HEIGHT)))
    seen = region_around((max(left, 0), max(top, 0), last_x, last_y), WIDTH, HEIGHT, 1)
    assert seen
    return seen


def near(app: App, yes: bool, looks: int) -> App:
    """Wait until the photo was looked at again so many times, and the answer that is shown is one from near, or from afar."""
    app.page.wait_for_function(LOOKS, arg=looks, timeout=PATIENCE)
    expect(app.stage).to_have_attribute("data-near", str(yes).lower(), timeout=PATIENCE)
    return app.is_ready()


def test_object_inside_the_zoomed_view_gets_a_finer_mask(app: App, photo: Path, expected: Expected) -> None:
    app.open(look=None).choose_file(photo)
    view = zoom_in(app)
    seen = near(app.tap(*PLACE), True, 1).mask()
    pixels = np.asarray(Image.open(photo))
    (answer,) = CloserPhoto(expected.predictor, pixels).answers([Prompt((PLACE,), (1,), view=view)])
    assert answer.region == view
    assert iou(seen, answer.mask) > 0.97
    assert seen.sum() < expected.read(photo).tap(*PLACE).sum() / 2
    # Looking elsewhere changes nothing; undo and redo find the answer again.
    app.page.keyboard.press("0")
    app["undo"].click()
    app["redo"].click()
    assert np.array_equal(near(app, True, 1).mask(), seen)
    app.page.reload()
    assert iou(near(app.shows("scene"), True, 1).mask(), seen) > 0.99


def test_object_that_extends_beyond_the_view_keeps_its_first_mask(app: App, photo: Path, expected: Expected) -> None:
    app.open(look=None).choose_file(photo)
    view = zoom_in(app)
    place = (view.x + 20, PLACE[1])
    near(app.tap(*place), False, 1)
    assert iou(app.mask(), expected.read(photo).tap(*place)) > 0.97


def test_photo_that_is_not_zoomed_is_not_encoded_again(app: App, photo: Path) -> None:
    app.open(look=None).choose_file(photo).tap(*PLACE)
    near(app, False, 0)


def test_look_once_in_the_address_disables_the_second_look(app: App, photo: Path) -> None:
    app.open().choose_file(photo)
    zoom_in(app)
    near(app.tap(*PLACE), False, 0)
