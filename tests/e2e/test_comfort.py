"""The first visit, little motion, and windows at 200 % zoom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Playwright, expect

from tests.e2e.app import PATIENCE, App
from tests.e2e.conftest import Visits, launch
from tests.e2e.fingers import Fingers
from tests.e2e.serving import Site
from tests.e2e.test_accessibility import axe, findings, in_both_schemes
from tests.e2e.test_screens import PANELS, overlap, take

__all__ = ["axe"]  # a fixture

CUP = (290, 60)
# A desktop of 1280 × 800 and a phone of 390 × 844, at 200 %.
ZOOMED: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
    "phone": {
        "viewport": {"width": 195, "height": 422},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
MOVING = """() => document.getAnimations()
  .filter(({ playState, effect }) => playState === "running" && effect.getComputedTiming().endTime > 1000)
  .map(({ animationName }) => animationName)"""
# What lies under the middle of a control: itself, or what covers it.
ON_TOP = """(control) => {
  const { x, y, width, height } = control.getBoundingClientRect();
  return control.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


# The first visit


def test_three_gestures_are_shown_until_the_first_of_them(app: App) -> None:
    app.open().choose_sample("coffee")
    expect(app["coach"].get_by_role("listitem")).to_have_count(3)
    for words in ("Click an object", "Drag a box around it", "Right click to leave out"):
        expect(app["coach"]).to_contain_text(words)
    app.tap(*CUP)
    expect(app["coach"]).to_have_count(0)
    app.page.reload()
    app.shows("coffee")
    expect(app["coach"]).to_have_count(0)


def test_the_gestures_can_be_put_away_for_good(visit: Visits) -> None:
    app = visit("phone").open().choose_sample("coffee")
    expect(app["coach"]).to_contain_text("Hold to leave out")
    app["coach-close"].tap()
    expect(app["coach"]).to_have_count(0)
    expect(app.markers).to_have_count(0)
    app.page.reload()
    app.shows("coffee")
    expect(app["coach"]).to_have_count(0)


def test_the_gestures_let_taps_through_to_the_photo(visit: Visits) -> None:
    app = visit("phone", viewport={"width": 390, "height": 560}).open().choose_sample("coffee")
    box = app["coach"].bounding_box()
    assert box
    Fingers(app.page).glide(((box["x"] + 60, box["y"] + 40),), ((box["x"] + 220, box["y"] - 160),))
    expect(app["coach"]).to_have_count(0)


# Motion


def test_pictures_move_only_where_motion_is_welcome(visit: Visits) -> None:
    lively = visit(reduced_motion="no-preference").open().choose_sample("coffee")
    assert "coach-ripple" in lively.page.evaluate(MOVING)
    calm = visit(reduced_motion="reduce").open().choose_sample("coffee")
    expect(calm["coach"]).to_be_visible()
    assert calm.page.evaluate(MOVING) == []
    assert calm.tap(*CUP).page.evaluate(MOVING) == []
    still = "() => document.querySelector('.stage-ink').toDataURL()"
    first = calm.page.evaluate(still)
    # The outline would have marched on by then.
    calm.page.wait_for_function(
        "(since) => performance.now() - since > 500", arg=calm.page.evaluate("performance.now()")
    )
    assert calm.page.evaluate(still) == first


# 200 %


def within_reach(app: App, control: Locator) -> str | None:
    """What is wrong with a control: outside of the window even after scrolling to it, or covered."""
    control.scroll_into_view_if_needed()
    box, size = control.bounding_box(), app.page.viewport_size
    name = control.get_attribute("data-testid") or control.get_attribute("aria-label") or control.inner_text()
    assert size
    if not box:
        return f"{name} is not there"
    if box["x"] < -1 or box["y"] < -1:
        return f"{name} is cut off: {box}"
    if box["x"] + box["width"] > size["width"] + 1 or box["y"] + box["height"] > size["height"] + 1:
        return f"{name} is cut off: {box}"
    return None if control.evaluate(ON_TOP) else f"{name} is covered"


def troubles(app: App, inside: str = "body") -> list[str]:
    """Everything that is wrong with what one can press, and with the panels."""
    controls = app.page.locator(f"{inside} button:visible:not(.dot), {inside} a:visible").all()
    found = [trouble for control in controls if (trouble := within_reach(app, control))]
    boxes = app.page.evaluate(PANELS)
    found += [
        f"{box['name']} lies over {other['name']}"
        for number, box in enumerate(boxes)
        for other in boxes[number + 1 :]
        if overlap(box, other)
    ]
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    return [*found, *(["the page scrolls sideways"] if app.page.evaluate(wide) else [])]


@pytest.mark.parametrize("profile", list(ZOOMED))
def test_at_200_percent_nothing_is_cut_off_or_covered(visit: Visits, axe: str, profile: str) -> None:
    app = visit(**ZOOMED[profile]).open().is_ready()
    found = {"welcome": troubles(app)}
    take(app, f"zoomed-{profile}-welcome")
    app.choose_sample("coffee")
    found["first photo"] = troubles(app)
    take(app, f"zoomed-{profile}-coach")
    app.tap(*CUP)
    found["mask"] = [*troubles(app), *findings(app, axe)]
    take(app, f"zoomed-{profile}-mask")
    app["new-object"].click()
    expect(app["objects"]).to_be_visible()
    found["objects"] = troubles(app)
    take(app, f"zoomed-{profile}-objects")
    for name, dialog in (("about-button", "about"), ("settings-button", "settings")):
        app[name].click()
        expect(app[dialog]).to_be_visible()
        found[dialog] = [text for text in troubles(app, "dialog") if "lies over" not in text]
        take(app, f"zoomed-{profile}-{dialog}")
        app.page.keyboard.press("Escape")
        expect(app[dialog]).to_have_count(0)
    app.offer_file({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}).reaches("error")
    found["message"] = [within_reach(app, button) or "" for button in app.message.get_by_role("button").all()]
    assert {state: texts for state, texts in found.items() if any(texts)} == {}


@pytest.fixture(scope="module")
def camera_browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright, "--use-fake-device-for-media-stream=device-count=2")
    yield browser
    browser.close()


def test_the_camera_is_in_order_at_any_size(camera_browser: Browser, site: Site, axe: str) -> None:
    visits = Visits(camera_browser, site)
    for profile, options in {"large": {}, **ZOOMED}.items():
        app = visits(permissions=["camera"], **{**options, "is_mobile": False, "has_touch": False})
        app.open().is_ready()["take-photo"].click()
        expect(app["shutter"]).to_be_enabled(timeout=PATIENCE)
        assert in_both_schemes(app, axe) == []
        assert [text for text in troubles(app, "dialog") if "lies over" not in text] == [], profile
        take(app, f"camera-{profile}")
    visits.end()
