"""Tools that draw: brush and eraser on the mask, scribble and lasso as prompts, and the box drawn tight."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.e2e.app import App
from tests.e2e.conftest import Visits
from tests.e2e.expected import iou
from tests.e2e.fingers import Fingers
from tests.e2e.models import TINY
from tests.e2e.pictures import huge
from tests.e2e.test_accessibility import axe, findings
from tests.e2e.test_keyboard import tab_to
from tests.e2e.test_screens import nothing_covers_a_panel, take
from tests.e2e.truth import read_all

CUP = (290, 60)
CORNER = (550, 50)  # of the photo: table, nothing of the cup

__all__ = ["axe"]


@pytest.fixture
def coffee(start: App) -> App:
    return start.choose_sample("coffee")


def choose(app: App, tool: str) -> App:
    app["tool"].click()
    app[f"tool-{tool}"].click()
    expect(app["tool"]).to_have_attribute("data-tool", tool)
    if tool in ("brush", "eraser"):
        expect(app["brush-size"]).to_be_visible()  # the photo makes room for its bar
    return app.is_drawn()


def near(mask: np.ndarray, x: int, y: int) -> np.ndarray:
    return mask[y - 2 : y + 3, x - 2 : x + 3]


def draw(app: App, points: list[tuple[float, float]]) -> App:
    """Press at the first photo pixel, go through all, release."""
    view, mouse = app.view, app.page.mouse
    mouse.move(*view.css(*points[0]))
    mouse.down()
    for point in points[1:]:
        mouse.move(*view.css(*point))
    mouse.up()
    return app


def ring(x1: float, y1: float, x2: float, y2: float, steps: int = 24) -> list[tuple[float, float]]:
    angles = (2 * math.pi * i / steps for i in range(steps))
    across, down = (x2 - x1) / 2, (y2 - y1) / 2
    return [(x1 + across * (1 + math.cos(a)), y1 + down * (1 + math.sin(a))) for a in angles]


def test_the_brush_adds_and_the_eraser_takes_away(coffee: App) -> None:
    before = coffee.tap(*CUP).mask()
    choose(coffee, "brush").drag((500, 40), CORNER)
    painted = coffee.is_answered().mask()
    assert near(painted, 525, 45).all()
    assert not near(before, 525, 45).any()
    assert not (before & ~painted).any()
    choose(coffee, "eraser").drag((280, 50), (300, 70))
    erased = coffee.is_answered().mask()
    assert not near(erased, *CUP).any()
    assert near(erased, 525, 45).all()
    assert coffee.cutout()[CUP[1], CUP[0]].tolist() == [0, 0, 0, 0]
    for wanted in (painted, before):
        coffee["undo"].click()
        assert np.array_equal(coffee.is_answered().mask(), wanted), "a stroke is a step"
    coffee["redo"].click()
    assert np.array_equal(coffee.is_answered().mask(), painted)
    expect(coffee.markers).to_have_count(1)


def test_the_right_button_erases_with_the_brush(coffee: App) -> None:
    coffee.tap(*CUP)
    choose(coffee, "brush").page.mouse.click(*coffee.view.css(*CUP), button="right")
    assert not near(coffee.is_answered().mask(), *CUP).any()


def test_an_object_can_be_painted_without_a_prompt(coffee: App) -> None:
    choose(coffee, "eraser").drag((100, 100), (200, 100))
    expect(coffee["undo"]).to_be_disabled()
    choose(coffee, "brush").drag((100, 100), (200, 100))
    mask = coffee.is_answered().mask()
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert near(mask, 150, 100).all()
    assert (rows[0] + rows[-1]) / 2 == pytest.approx(100, abs=1.5)
    assert 100 <= columns[-1] - columns[0] <= 145
    coffee["new-object"].click()
    choose(coffee, "tap").tap(*CUP)
    coffee["save-all"].click()
    both = coffee.mask()
    assert near(both, 150, 100).all()
    assert near(both, *CUP).all()
    coffee["object-1"].locator(".object-main").click()
    coffee["clear"].click()
    coffee["undo"].click()
    coffee["save-all"].click()
    assert np.array_equal(coffee.is_answered().mask(), mask)


def test_strokes_stay_when_the_model_is_asked_again(coffee: App) -> None:
    choose(coffee, "brush").drag((500, 40), CORNER)
    choose(coffee, "tap").tap(*CUP)
    mask = coffee.mask()
    assert near(mask, 525, 45).all()
    assert near(mask, *CUP).all()


def test_the_brush_is_drawn_under_the_pointer_while_it_paints(coffee: App) -> None:
    ink = """([x, y]) => {
      const canvas = document.querySelector("canvas.stage-ink");
      const scale = canvas.width / canvas.clientWidth;
      return canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data[3];
    }"""
    view, page = choose(coffee, "brush").view, coffee.page
    place = view.css(150, 100)
    page.mouse.move(*view.css(100, 100))
    expect(coffee["brush-cursor"]).to_be_visible()
    page.mouse.down()
    page.mouse.move(*view.css(200, 100))
    assert coffee.is_drawn().page.evaluate(ink, place) > 100
    page.keyboard.press("Escape")
    page.mouse.up()
    assert coffee.is_drawn().page.evaluate(ink, place) == 0
    expect(coffee["undo"]).to_be_disabled()


def test_brackets_change_the_size_of_the_brush(coffee: App) -> None:
    def painted() -> int:
        coffee.page.mouse.click(*coffee.view.css(100, 200))
        area = np.count_nonzero(coffee.is_answered().mask())
        coffee["clear"].click()
        return area

    coffee.page.keyboard.press("b")
    expect(coffee["brush-size"]).to_be_visible()
    usual = painted()
    coffee.page.keyboard.press("]")
    coffee.page.keyboard.press("]")
    larger = painted()
    for _ in range(4):
        coffee.page.keyboard.press("[")
    assert painted() < usual < larger
    coffee["brush-size"].fill("60")
    assert painted() > larger


def test_the_keyboard_stamps(coffee: App) -> None:
    page = coffee.page
    page.keyboard.press("b")
    tab_to(coffee, "stage")
    expect(coffee["brush-cursor"]).to_be_visible()
    coffee.is_drawn()  # the photo has made room for the brush's bar: all dots are of one size
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    for key in ("Enter", "ArrowLeft", "ArrowLeft", "Shift+Enter"):
        page.keyboard.press(key)
    mask = coffee.is_answered().mask()
    assert near(mask, 300, 200).all()
    dot, rest = mask[:, :250], mask[:, 250:]
    assert 0 < np.count_nonzero(dot) < np.count_nonzero(rest), "the second dot lost a part of it"
    for key, tool in (("p", "scribble"), ("o", "lasso"), ("e", "eraser"), ("t", "tap")):
        page.keyboard.press(key)
        expect(coffee["tool"]).to_have_attribute("data-tool", tool)


@pytest.mark.real_model(TINY)
def test_a_lasso_around_an_object_selects_it(visit: Visits) -> None:
    """Better than a tap, and about as well as a box."""
    values = []
    for photo in ("coffee", "astronaut"):
        app = choose(visit().open(finish=None).choose_sample(photo), "lasso")
        for truth in (truth for truth in read_all() if truth.photo == f"{photo}.jpg"):
            wanted = truth.mask()
            ys, xs = np.nonzero(wanted)
            slack = 0.12 * max(np.ptp(xs), np.ptp(ys))
            draw(app, ring(xs.min() - slack, ys.min() - slack, xs.max() + slack, ys.max() + slack))
            expect(app.page.get_by_role("button", name="Remove the box")).to_be_visible()
            values.append(iou(app.is_answered().mask(), wanted))
            app["undo"].click()
            expect(app.markers).to_have_count(0)
            expect(app["undo"]).to_be_disabled()
    assert float(np.mean(values)) > 0.6, values


def test_a_scribble_becomes_a_few_points(coffee: App) -> None:
    draw(choose(coffee, "scribble"), [(230, 50), (290, 45), (350, 60)])
    expect(coffee.markers).to_have_count(5)
    mask = coffee.is_answered().mask()
    assert near(mask, 290, 45).any()
    coffee["mode-background"].click()
    draw(coffee, [(440, 200), (450, 240)])
    expect(coffee.markers.last.get_by_role("button")).to_have_accessible_name("Point 8, not part of the object")
    coffee.is_answered()["undo"].click()
    expect(coffee.markers).to_have_count(5)
    coffee["undo"].click()
    expect(coffee.markers).to_have_count(0)


def test_a_tap_with_the_scribble_is_a_tap(coffee: App) -> None:
    choose(coffee, "scribble").tap(*CUP)
    expect(coffee.markers).to_have_count(1)


def test_a_loose_box_can_be_tightened(coffee: App) -> None:
    first = coffee.box(120, 2, 480, 380).mask()
    rows, columns = np.flatnonzero(first.any(1)), np.flatnonzero(first.any(0))
    coffee["tighten"].click()
    coffee.is_answered()
    handle = coffee.page.get_by_role("button", name="Remove the box").bounding_box()
    assert handle
    right, top = coffee.view.css(columns[-1], rows[0])
    assert handle["x"] + 22 == pytest.approx(right, abs=5)
    assert handle["y"] + 22 == pytest.approx(top, abs=5)
    coffee["undo"].click()
    assert np.array_equal(coffee.is_answered().mask(), first)


def test_a_finger_paints_and_two_fingers_move_the_photo(visit: Visits) -> None:
    phone = visit("phone").open().choose_sample("coffee")
    fingers = Fingers(phone.page)
    phone["tool"].tap()
    phone["tool-brush"].tap()
    view = phone.view
    fingers.glide((view.css(100, 100),), (view.css(220, 100),))
    mask = phone.is_answered().mask()
    assert near(mask, 160, 100).all()
    before = phone.view
    x, y = before.css(300, 200)
    fingers.down((x, y))
    fingers.move((x + 30, y))
    fingers.down((x + 30, y), (x - 30, y))
    fingers.move((x + 30, y + 40), (x - 30, y + 40))
    fingers.up()
    assert phone.view.y - before.y == pytest.approx(40, abs=6)
    assert np.array_equal(phone.is_answered().mask(), mask), "a second finger takes the stroke back"
    phone["brush-done"].tap()
    phone["tool"].tap()
    phone["tool-lasso"].tap()
    places = [phone.view.css(*point) for point in ring(150, 5, 430, 330)]
    fingers.down(places[0])
    for place in places[1:]:
        fingers.move(place)
    fingers.up()
    expect(phone.page.get_by_role("button", name="Remove the box")).to_be_visible()
    assert near(phone.is_answered().mask(), *CUP).all()


def test_a_huge_photo_is_painted_and_saved_at_its_own_resolution(app: App, tmp_path: Path) -> None:
    app.open(finish=None).choose_file(huge(tmp_path)).tap(5000, 2600)
    choose(app, "brush").drag((1000, 1000), (2000, 1000))
    mask = app.is_answered().mask()
    assert mask.shape == (6000, 8000)
    assert near(mask, 5000, 2600).all()
    assert near(mask, 1500, 1000).all()


@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_everybody_can_choose_a_tool(visit: Visits, axe: str, profile: str) -> None:
    app = visit(profile).open().choose_sample("coffee").tap(*CUP)
    app["tool"].click()
    take(app, f"{profile}-tools")
    assert findings(app, axe) == []
    for button in app.page.locator(".tools button:visible").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
    app.page.keyboard.press("Escape")
    expect(app["tool-brush"]).to_have_count(0)
    expect(app["tool"]).to_be_focused()
    choose(app, "brush")
    take(app, f"{profile}-brush")
    assert findings(app, axe) == []


def test_the_brushes_bar_covers_no_other_control(coffee: App) -> None:
    choose(coffee.tap(*CUP), "brush")
    for width, height in ((320, 568), (390, 844), (844, 390), (768, 1024)):
        coffee.resize(width, height)
        take(coffee, f"brush-{width}x{height}")
        nothing_covers_a_panel(coffee)
