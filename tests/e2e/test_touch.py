"""Fingers on a phone."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from export.models.predictor import Prompt
from tests.e2e.app import App
from tests.e2e.expected import Expected, PhotoAnswers, iou
from tests.e2e.fingers import Fingers
from tests.e2e.test_screens import PLACES
from tests.e2e.truth import SAMPLES

CUP = (290, 60)
SAUCER = (430, 220)


@pytest.fixture
def phone(phone_start: App) -> App:
    return phone_start.choose_sample("coffee")


@pytest.fixture
def fingers(phone: App) -> Fingers:
    return Fingers(phone.page)


@pytest.fixture
def answers(expected: Expected) -> PhotoAnswers:
    return expected.read(SAMPLES / "coffee.jpg")


def touch(app: App, x: float, y: float) -> None:
    app.adds_point(lambda: app.page.touchscreen.tap(*app.view.css(x, y)))


def hold(app: App, fingers: Fingers, x: float, y: float) -> None:
    """Press until the page has understood; only then let go."""
    app.adds_point(lambda: fingers.down(app.view.css(x, y)))
    fingers.up()


def test_a_tap_selects_the_object(phone: App, answers: PhotoAnswers) -> None:
    touch(phone, *CUP)
    # A finger's place is rounded to CSS pixels, which are larger than the photo's here.
    assert iou(phone.mask(), answers.tap(*CUP)) >= 0.95
    expect(phone.markers).to_have_count(1)


def test_a_long_press_leaves_out(phone: App, fingers: Fingers, answers: PhotoAnswers) -> None:
    touch(phone, *CUP)
    before = phone.mask()
    hold(phone, fingers, *SAUCER)
    after = phone.mask()
    expect(phone.markers).to_have_count(2)
    expect(phone.markers.nth(1).get_by_role("button")).to_have_accessible_name("Point 2, not part of the object")
    assert not np.array_equal(before, after)
    first, _, best = answers.low_res(Prompt(points=(CUP,), labels=(1,)))
    wanted = answers.mask(Prompt(points=(CUP, SAUCER), labels=(1, 0), mask=first[best]))
    assert iou(after, wanted) >= 0.9


def test_the_mode_switch_leaves_out_too(phone: App) -> None:
    touch(phone, *CUP)
    phone["mode-background"].tap()
    touch(phone, *SAUCER)
    expect(phone.markers.nth(1).get_by_role("button")).to_have_accessible_name("Point 2, not part of the object")


def test_a_drag_draws_a_box(phone: App, fingers: Fingers, answers: PhotoAnswers) -> None:
    view = phone.view
    fingers.glide((view.css(165, 10),), (view.css(415, 315),))
    expect(phone.page.get_by_role("button", name="Remove the box")).to_be_visible()
    mask = phone.is_answered().mask()
    assert iou(mask, answers.mask(Prompt(box=(165, 10, 415, 315)))) >= 0.95


def test_two_fingers_zoom_at_the_place_between_them(phone: App, fingers: Fingers) -> None:
    before = phone.view
    x, y = before.css(*CUP)
    fingers.glide(((x - 30, y), (x + 30, y)), ((x - 90, y), (x + 90, y)))
    after = phone.view
    assert after.scale == pytest.approx(3 * before.scale, rel=0.1)
    assert after.css(*CUP) == pytest.approx((x, y), abs=6)
    expect(phone.markers).to_have_count(0)
    touch(phone, *CUP)
    fingers.glide(((x - 90, y), (x + 90, y)), ((x - 30, y), (x + 30, y)))
    assert phone.view.scale == pytest.approx(before.scale, rel=0.1)


def test_two_fingers_move_the_photo(phone: App, fingers: Fingers) -> None:
    before = phone.view
    x, y = before.css(*CUP)
    fingers.glide(((x - 40, y), (x + 40, y)), ((x - 40, y + 60), (x + 40, y + 60)))
    after = phone.view
    assert after.scale == pytest.approx(before.scale, rel=0.02)
    assert after.y - before.y == pytest.approx(60, abs=3)


def test_a_second_finger_takes_back_the_box(phone: App, fingers: Fingers) -> None:
    x, y = phone.view.css(*CUP)
    fingers.down((x, y))
    fingers.move((x + 60, y + 30))
    fingers.down((x + 60, y + 30), (x - 60, y))
    fingers.move((x + 60, y + 60), (x - 60, y + 30))
    fingers.up()
    expect(phone.page.get_by_role("button", name="Remove the box")).to_have_count(0)
    expect(phone.markers).to_have_count(0)
    expect(phone["undo"]).to_be_disabled()


def test_controls_are_large_enough_for_a_thumb_and_in_sight(phone: App) -> None:
    touch(phone, *CUP)
    width, height = 390, 844
    # Points are not among them: the stage reaches for those itself, within 24 pixels around their middle.
    boxes = phone.page.locator("button:visible:not(.dot)").evaluate_all(PLACES)
    assert len(boxes) >= 10
    for box in boxes:
        assert 0 <= box["x"] <= width - box["width"], box
        assert 0 <= box["y"] <= height - box["height"], box
        assert min(box["width"], box["height"]) >= 44, box
