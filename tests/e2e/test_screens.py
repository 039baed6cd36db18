"""How it looks: nothing covers the photo or anything else, on a desktop and on a phone.

The picture of the README is among those taken here: `UPDATE_GOLDEN=1` writes it to docs/, otherwise all of them go to
test-results/.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.app import App
from tests.e2e.conftest import RESULTS, Visits
from tests.e2e.models import FINEST
from tests.e2e.truth import ROOT

# The boxes of everything that floats over the photo.
PANELS = """() => [...document.querySelectorAll(".panel")]
  .filter((panel) => panel.checkVisibility())
  .map((panel) => ({ name: panel.className, ...panel.getBoundingClientRect().toJSON() }))"""

# The places of elements, all at one moment: a message may go between two looks.
PLACES = """(elements) => elements.map((element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { name: element.ariaLabel ?? element.textContent, x, y, width, height };
})"""

Box = dict[str, Any]


def picture_path(name: str, for_readme: bool) -> Path:
    if for_readme and os.environ.get("UPDATE_GOLDEN") == "1":
        return ROOT / "docs" / f"screenshot-{name}.png"
    return RESULTS / f"screenshot-{name}.png"


def take(app: App, name: str, for_readme: bool = False) -> None:
    app.page.screenshot(path=picture_path(name, for_readme), scale="css")


def photo_box(app: App, width: int, height: int) -> Box:
    view = app.view
    (left, top), (right, bottom) = view.css(0, 0), view.css(width, height)
    return {"name": "photo", "left": left, "top": top, "right": right, "bottom": bottom}


def overlap(a: Box, b: Box) -> bool:
    slack = 1  # pixels are rounded
    return (
        min(a["right"], b["right"]) - max(a["left"], b["left"]) > slack
        and min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]) > slack
    )


def pictures(app: App, name: str) -> None:
    """In both colour schemes, dark first."""
    for scheme in ("dark", "light"):
        app.page.emulate_media(color_scheme=scheme)
        take(app, f"{name}-{scheme}")


@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_nothing_covers_anything(visit: Visits, profile: str) -> None:
    app = visit(profile).open(finish=None).is_ready()
    pictures(app, f"{profile}-first-visit")
    app.choose_sample("coffee").tap(305, 232)
    app.page.wait_for_function("() => !document.querySelector('.hint')")
    pictures(app, f"{profile}-mask")
    boxes = [photo_box(app, 600, 400), *app.page.evaluate(PANELS)]
    assert len(boxes) >= 5
    size = app.page.viewport_size
    assert size
    window = {"left": 0, "top": 0, "right": size["width"], "bottom": size["height"]}
    for number, box in enumerate(boxes):
        assert box["left"] >= -1, box
        assert box["top"] >= -1, box
        assert box["right"] <= window["right"] + 1, box
        assert box["bottom"] <= window["bottom"] + 1, box
        for other in boxes[number + 1 :]:
            assert not overlap(box, other), f"{box} and {other}"


@pytest.mark.real_model(FINEST)
def test_the_picture_of_the_readme_is_taken(visit: Visits) -> None:
    app = visit(color_scheme="light").open(finish=None).choose_sample("coffee").tap(430, 220)
    app.page.wait_for_function("() => !document.querySelector('.hint')")
    take(app, "desktop", for_readme=True)


def test_the_page_never_scrolls_sideways(app: App) -> None:
    sizes = ((320, 568), (844, 390), (768, 1024), (1920, 1080))
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    app.open().is_ready()
    for size in sizes:
        assert app.resize(*size).page.evaluate(wide) == 0, size
    app.choose_sample("coffee").tap(290, 60)
    for width, height in sizes:
        assert app.resize(width, height).page.evaluate(wide) == 0, (width, height)
        take(app, f"{width}x{height}")
        nothing_covers_a_panel(app)


def test_offline_sign_moves_no_control(app: App) -> None:
    app.open().choose_sample("coffee").tap(290, 60)
    for width, height in ((320, 568), (390, 844), (768, 1024), (1280, 800)):
        app.page.context.set_offline(False)
        expect(app["offline"]).to_have_count(0)
        before = app.resize(width, height).page.evaluate(PANELS)
        app.page.context.set_offline(True)
        expect(app["offline"]).to_be_visible()
        take(app, f"{width}x{height}-offline")
        nothing_covers_a_panel(app)
        assert len(app.page.evaluate(PANELS)) == len(before)


# Whether the words are all there: as wide as they want to be, and inside of the button.
WHOLE = """(button) => [...button.querySelectorAll("span")].filter((words) => words.checkVisibility()).every((words) => {
    const range = document.createRange();
    range.selectNodeContents(words);
    const { left, right } = range.getBoundingClientRect();
    const outer = button.getBoundingClientRect();
    return left >= outer.left && right <= outer.right;
})"""


def test_a_narrow_phone_shows_candidates_that_a_finger_can_choose(visit: Visits) -> None:
    app = visit("phone").open().choose_sample("coffee").tap(290, 60)
    for width in (390, 360, 320):
        take(app.resize(width, 640), f"candidates-{width}")
        for name in ("candidate-1", "candidate-2", "candidate-3", "save-cutout", "save-mask", "save-more", "refine"):
            assert app[name].evaluate(WHOLE), f"{name} at {width}"
            box = app[name].bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 40, f"{name} at {width}"
    app["save-more"].click()
    expect(app["sheet-crop"]).to_be_visible()
    expect(app["sheet-copy"]).to_be_visible()


def nothing_covers_a_panel(app: App) -> None:
    boxes = app.page.evaluate(PANELS)
    size = app.page.viewport_size
    assert size
    for number, box in enumerate(boxes):
        assert box["left"] >= -1, box
        assert box["right"] <= size["width"] + 1, box
        for other in boxes[number + 1 :]:
            assert not overlap(box, other), f"{box} and {other}"
