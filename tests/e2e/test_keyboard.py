"""Everything without a mouse."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from export.models.predictor import Prompt
from tests.e2e.app import App
from tests.e2e.expected import Expected, iou
from tests.e2e.truth import SAMPLES

FOCUS = """() => {
  const { dataset, ariaLabel, textContent } = document.activeElement;
  return dataset.testid ?? ariaLabel ?? textContent.trim();
}"""


def tab_to(app: App, test_id: str, most: int = 30) -> None:
    """Press Tab until the element has the focus."""
    passed = []
    for _ in range(most):
        app.page.keyboard.press("Tab")
        passed.append(app.page.evaluate(FOCUS))
        if passed[-1] == test_id:
            return
    pytest.fail(f"Tab does not reach {test_id}, only {passed}")


@pytest.fixture
def coffee(start: App) -> App:
    return start.choose_sample("coffee")


@pytest.fixture
def pointed(coffee: App) -> App:
    """A point in the middle of the photo, set with Enter."""
    tab_to(coffee, "stage")
    return coffee.adds_point(lambda: coffee.page.keyboard.press("Enter"))


def test_a_sample_can_be_chosen(app: App) -> None:
    app.open()
    tab_to(app, "sample-cat")
    app.page.keyboard.press("Enter")
    app.shows("cat")


def test_enter_sets_a_point_at_the_cursor(pointed: App, expected: Expected) -> None:
    assert iou(pointed.mask(), expected.read(SAMPLES / "coffee.jpg").tap(300, 200)) >= 0.97


def test_arrows_move_the_cursor_and_shift_enter_leaves_out(pointed: App) -> None:
    keyboard = pointed.page.keyboard
    for _ in range(6):
        keyboard.press("ArrowLeft")
    pointed.adds_point(lambda: keyboard.press("Shift+Enter"))
    second = pointed.markers.nth(1).get_by_role("button")
    expect(second).to_have_accessible_name("Point 2, not part of the object")
    keyboard.press("Backspace")
    expect(pointed.markers).to_have_count(1)


def test_x_at_two_corners_draws_a_box(coffee: App, expected: Expected) -> None:
    tab_to(coffee, "stage")
    keyboard = coffee.page.keyboard
    for key in ("ArrowLeft", "ArrowUp"):
        for _ in range(6):
            keyboard.press(key)
    keyboard.press("x")
    expect(coffee["corner"]).to_contain_text("First corner of the box at column")
    for key in ("ArrowRight", "ArrowDown"):
        for _ in range(12):
            keyboard.press(key)
    keyboard.press("x")
    expect(coffee.page.get_by_role("button", name="Remove the box")).to_be_visible()
    expect(coffee["corner"]).to_be_empty()
    steps = 6 * 16 / coffee.view.scale
    corners = [round(middle + sign * steps) for sign in (-1, 1) for middle in (300, 200)]
    wanted = expected.read(SAMPLES / "coffee.jpg").mask(Prompt(box=(corners[0], corners[1], corners[2], corners[3])))
    assert iou(coffee.is_answered().mask(), wanted) >= 0.95


def test_escape_gives_a_corner_up(coffee: App) -> None:
    tab_to(coffee, "stage")
    for key in ("x", "ArrowRight", "Escape", "ArrowRight", "x"):
        coffee.page.keyboard.press(key)
    expect(coffee["corner"]).to_contain_text("First corner of the box")
    coffee.page.keyboard.press("Shift+Tab")  # leaves the photo
    expect(coffee["corner"]).to_be_empty()
    expect(coffee["clear"]).to_be_disabled()


def test_the_cursors_place_is_spoken_when_it_rests(pointed: App) -> None:
    place = pointed["place"]
    expect(place).to_have_attribute("role", "status")
    pointed.page.keyboard.press("ArrowLeft")
    expect(place).to_have_text(re.compile(r"^Column \d+, row 201, on Object 1\.$"))
    for _ in range(30):
        pointed.page.keyboard.press("ArrowUp")
    expect(place).to_have_text(re.compile(r"^Column \d+, row 1\.$"))


def test_a_point_can_be_moved_with_arrows(pointed: App) -> None:
    pointed.markers.nth(0).get_by_role("button").focus()
    before = pointed.markers.nth(0).bounding_box()
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowUp"):
        pointed.page.keyboard.press(key)
    after = pointed.is_answered().markers.nth(0).bounding_box()
    assert before
    assert after
    assert after["x"] - before["x"] == pytest.approx(-16, abs=2)
    assert -4 <= after["y"] - before["y"] < 0
    pointed.page.keyboard.press("Delete")
    expect(pointed.markers).to_have_count(0)


@pytest.mark.parametrize("with_photo", [False, True])
def test_a_question_mark_shows_all_keys(app: App, with_photo: bool) -> None:
    app.open().is_ready()
    if with_photo:
        app.choose_sample("coffee")
    app.page.keyboard.press("?")
    expect(app["shortcuts"]).to_contain_text("X at one corner")
    expect(app["shortcuts"].get_by_role("button", name="Close")).to_be_focused()
    app.page.keyboard.press("Escape")
    expect(app["shortcuts"]).to_have_count(0)
    app["about-button"].click()
    expect(app["about"]).to_contain_text("X at one corner")


def test_undo_and_redo_have_their_keys(pointed: App) -> None:
    mask = pointed.mask()
    pointed.page.keyboard.press("Control+z")
    expect(pointed.markers).to_have_count(0)
    pointed.page.keyboard.press("Control+Shift+z")
    expect(pointed.markers).to_have_count(1)
    assert np.array_equal(pointed.is_answered().mask(), mask)


def test_numbers_choose_the_candidate(pointed: App) -> None:
    for number in (2, 3, 1):
        pointed.page.keyboard.press(str(number))
        expect(pointed[f"candidate-{number}"]).to_have_attribute("aria-pressed", "true")


def test_tab_reaches_every_control_in_turn(pointed: App) -> None:
    controls = ["undo", "mode-foreground", "mode-background", "clear", "candidate-1", "candidate-2", "candidate-3"]
    for test_id in [*controls, "save-cutout", "save-mask", "copy-cutout", "crop", "open", "about-button", "stage"]:
        tab_to(pointed, test_id)


def test_letter_keys_save(pointed: App) -> None:
    for key, name in (("s", "coffee-cutout.png"), ("m", "coffee-mask.png")):
        with pointed.page.expect_download() as download:
            pointed.page.keyboard.press(key)
        assert download.value.suggested_filename == name
        pointed.is_answered()


def test_plus_minus_and_zero_zoom(coffee: App) -> None:
    fitted = coffee.view.scale
    for key, factor in (("+", 1.25), ("0", 1), ("-", 0.8)):
        coffee.page.keyboard.press(key)
        assert coffee.view.scale == pytest.approx(fitted * factor)


def test_the_wheel_zooms_at_the_pointer(coffee: App) -> None:
    before = coffee.view
    place = before.css(290, 60)
    coffee.page.mouse.move(*place)
    coffee.page.mouse.wheel(0, -400)
    coffee.page.wait_for_function(
        "scale => JSON.parse(document.querySelector('[data-testid=stage]').dataset.view).scale > scale * 1.2",
        arg=before.scale,
    )
    assert coffee.view.css(290, 60) == pytest.approx(place, abs=1)
