"""All objects of a photo at once: found, kept, cancelled, and the same as the Python side finds."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits
from tests.e2e.expected import iou
from tests.e2e.models import TINY
from tests.e2e.test_screens import nothing_covers_a_panel

DISCS = [(70, 60, 38), (240, 70, 40), (90, 180, 36), (235, 175, 42)]  # x, y, radius
COLOURS = [(210, 40, 30), (30, 70, 200), (240, 200, 40), (20, 120, 60)]


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four discs that nobody can overlook."""
    picture = Image.new("RGB", (320, 240), (225, 222, 215))
    draw = ImageDraw.Draw(picture)
    for (x, y, radius), colour in zip(DISCS, COLOURS, strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    path = tmp_path_factory.mktemp("photos") / "discs.png"
    picture.save(path)
    return path


def disc(x: int, y: int, radius: int) -> np.ndarray:
    down, across = np.mgrid[0:240, 0:320]
    inside: np.ndarray = (across - x) ** 2 + (down - y) ** 2 <= radius**2
    return inside


def is_found(app: App) -> int:
    """Wait for the end of the search; how many there are."""
    expect(app["everything-count"]).to_be_visible(timeout=PATIENCE)
    return int(app["everything-count"].get_attribute("data-count") or "")


def things(app: App) -> Locator:
    return app["everything"].locator(".found")


def click(app: App, x: float, y: float) -> None:
    app.page.mouse.click(*app.view.css(x, y))


@pytest.mark.real_model(TINY)
def test_discs_are_among_the_found_and_are_saved_as_they_were_shown(app: App, discs: Path) -> None:
    """A tap on each of them keeps it; its mask is the disc."""
    app.open().choose_file(discs)["find-all"].click()
    assert is_found(app) >= len(DISCS)
    for number, place in enumerate(DISCS, start=1):
        click(app, *place[:2])
        expect(app["everything-done"]).to_have_accessible_name("Done")
        expect(app["everything"].get_by_role("status")).to_contain_text(f"Kept as Object {number}.")
    app["everything-done"].click()
    expect(app["everything"]).to_have_count(0)
    for number, place in enumerate(DISCS, start=1):
        app[f"object-{number}"].locator(".object-main").click()
        assert iou(app.is_answered().mask(), disc(*place)) > 0.8


@pytest.mark.real_model(TINY)
def test_a_search_can_be_cancelled(app: App, discs: Path) -> None:
    app.open().choose_file(discs).tap(*DISCS[0][:2])
    mask = app.mask()
    app["find-all"].click()
    expect(app["everything-progress"]).to_be_visible()
    app["everything-cancel"].click()
    expect(app["everything"]).to_have_count(0)
    app.is_ready()
    expect(app["find-all"]).to_have_attribute("aria-pressed", "false")
    assert np.array_equal(app.mask(), mask)
    app["undo"].click()
    app.tap(*DISCS[1][:2])


def test_the_keyboard_finds_keeps_and_leaves(start: App, discs: Path) -> None:
    app = start.choose_file(discs)
    app.page.keyboard.press("d")
    count = is_found(app)
    expect(app["everything"].get_by_role("status")).to_have_text(re.compile(f"^{count} objects found"))
    expect(things(app).first).to_be_focused()
    app.page.keyboard.press("ArrowRight")
    expect(things(app).nth(1)).to_be_focused()
    expect(things(app).nth(1)).to_have_attribute("data-pointed", "true")
    app.page.keyboard.press("Enter")
    expect(things(app)).to_have_count(count - 1)
    expect(things(app).nth(1)).to_be_focused()
    app.page.keyboard.press("Escape")
    expect(app["everything"]).to_have_count(0)
    expect(app.markers).to_have_count(1)


def test_what_was_found_covers_nothing_beside_several_objects(visit: Visits, discs: Path) -> None:
    app = visit("phone").open().choose_file(discs)
    app.tap(*DISCS[0][:2]).is_answered()
    app["new-object"].tap()
    app.tap(*DISCS[1][:2]).is_answered()
    nothing_covers_a_panel(app)
    app["find-all"].tap()
    is_found(app)
    nothing_covers_a_panel(app)


@pytest.mark.real_model(TINY)
def test_fingers_keep_and_everything_is_accessible(visit: Visits, discs: Path) -> None:
    app = visit("phone").open().choose_file(discs)
    app["find-all"].tap()
    is_found(app)
    app.is_accessible()
    app.page.touchscreen.tap(*app.view.css(*DISCS[2][:2]))
    app["everything-done"].tap()
    assert iou(app.is_answered().mask(), disc(*DISCS[2])) > 0.8
