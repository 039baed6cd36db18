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
COUNT_TURNS = "() => { globalThis.turns = 0; addEventListener('wheel', () => globalThis.turns++, { passive: true }); }"
LOOKS = "performance.getEntriesByName('tapmask:look-again').length"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo on which the discs are large, seen from afar: nothing small to look at again."""
    path = tmp_path / "scene.png"
    scene(WIDTH, HEIGHT, (400, 600, 300)).save(path)
    return path


def zoom_in(app: App) -> Region:
    """Zoom in on PLACE with the wheel, to less than half of the photo; the square that is then in sight."""
    app.page.mouse.move(*app.view.css(*PLACE))
    app.page.evaluate(COUNT_TURNS)
    turns = 0
    while app.view.scale < 2:
        app.page.mouse.wheel(0, -400)  # which the page may hear of later: the view would still move when it is tapped
        turns += 1
        app.page.wait_for_function("(turns) => globalThis.turns === turns", arg=turns, timeout=PATIENCE)
        app.is_drawn()
    box, view = app.stage.bounding_box(), app.view
    assert box
    left, top = (box["x"] - view.x) / view.scale, (box["y"] - view.y) / view.scale
    right, bottom = left + box["width"] / view.scale, top + box["height"] / view.scale
    last_x, last_y = (min(int(np.ceil(end)), most) - 1 for end, most in ((right, WIDTH), (bottom, HEIGHT)))
    seen = region_around((max(left, 0), max(top, 0), last_x, last_y), WIDTH, HEIGHT, 1)
    assert seen
    return seen


def looks(app: App) -> int:
    """How often a part of the photo was encoded: once, or again where something came between on a busy machine."""
    return int(app.page.evaluate(LOOKS))


def near(app: App) -> App:
    """Wait until the answer that is shown is one from near."""
    expect(app.stage).to_have_attribute("data-near", "true", timeout=PATIENCE)
    return app.is_ready()


def from_afar(app: App) -> App:
    """The answer that is shown is one from afar."""
    expect(app.stage).to_have_attribute("data-near", "false", timeout=PATIENCE)
    return app.is_ready()


def test_object_inside_the_zoomed_view_gets_a_finer_mask(app: App, photo: Path, expected: Expected) -> None:
    app.open(look=None).choose_file(photo)
    view = zoom_in(app)
    seen = near(app.tap(*PLACE)).mask()
    looked = looks(app)
    pixels = np.asarray(Image.open(photo))
    (answer,) = CloserPhoto(expected.predictor, pixels).answers([Prompt((PLACE,), (1,), view=view)])
    assert answer.region == view
    assert iou(seen, answer.mask) > 0.97
    assert seen.sum() < expected.read(photo).tap(*PLACE).sum() / 2
    # Looking elsewhere changes nothing; undo and redo find the answer again.
    app.page.keyboard.press("0")
    app["undo"].click()
    app["redo"].click()
    assert np.array_equal(near(app).mask(), seen)
    assert looks(app) == looked
    app.page.reload()
    assert iou(near(app.shows("scene")).mask(), seen) > 0.99


def test_object_that_extends_beyond_the_view_keeps_its_first_mask(app: App, photo: Path, expected: Expected) -> None:
    app.open(look=None).choose_file(photo)
    view = zoom_in(app)
    place = (view.x + 20, PLACE[1])
    app.tap(*place).page.wait_for_function(f"() => {LOOKS} > 0", timeout=PATIENCE)
    from_afar(app)
    assert iou(app.mask(), expected.read(photo).tap(*place)) > 0.97


def test_photo_that_is_not_zoomed_is_not_encoded_again(app: App, photo: Path) -> None:
    app.open(look=None).choose_file(photo).tap(*PLACE)
    assert looks(from_afar(app)) == 0


def test_look_once_in_the_address_disables_the_second_look(app: App, photo: Path) -> None:
    app.open().choose_file(photo)
    zoom_in(app)
    assert looks(from_afar(app.tap(*PLACE))) == 0
