"""Everything without a mouse."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

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
def coffee(app: App) -> App:
    return app.open().choose_sample("coffee")


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


def test_letters_save(pointed: App) -> None:
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
