"""Several named objects in a photo, each with its own mask."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.app import App
from tests.e2e.conftest import Visits
from tests.e2e.expected import Expected, PhotoAnswers, iou
from tests.e2e.test_accessibility import axe, findings
from tests.e2e.test_screens import PANELS, PLACES, nothing_covers_a_panel, take
from tests.e2e.truth import SAMPLES

CUP = (290, 60)  # inside of the cup
# The dark behind the table, which no mask of the cup covers: a tap on what it covers would select the cup.
CORNER = (40, 40)
SAME_ANSWER = 0.97

__all__ = ["axe"]


@pytest.fixture
def answers(expected: Expected) -> PhotoAnswers:
    return expected.read(SAMPLES / "coffee.jpg")


def tap_two(app: App) -> App:
    """The cup, and as a new object the dark corner."""
    app.choose_sample("coffee").tap(*CUP)
    app["new-object"].click()
    expect(app.markers).to_have_count(0)
    return app.tap(*CORNER)


@pytest.fixture
def two(start: App) -> App:
    return tap_two(start)


# Before the browser draws again: what is left of the moment itself is its microtasks.
NEW_OBJECT_AT_ONCE = """async () => {
  document.querySelector('[data-testid="new-object"]').click();
  for (let turn = 0; turn < 20; turn++) await null;
  const list = document.querySelector(".object-list")?.getBoundingClientRect();
  return [JSON.parse(document.querySelector('[data-testid="stage"]').dataset.view).x, list?.right ?? 0];
}"""


def test_the_photo_leaves_the_list_of_objects_room_in_the_frame_that_shows_it(start: App) -> None:
    """A tap right after would land on the list otherwise."""
    app = start.choose_sample("coffee").tap(*CUP)
    left, end_of_list = app.is_drawn().page.evaluate(NEW_OBJECT_AT_ONCE)
    assert 0 < end_of_list < left


def names(app: App) -> list[str]:
    """Of the list, from the top."""
    return app.is_drawn()["objects"].locator(".object-name").all_inner_texts()


def main(app: App, number: int) -> Locator:
    """The part of a row that selects its object."""
    return app[f"object-{number}"].locator(".object-main")


def inside(mask: np.ndarray) -> tuple[int, int]:
    """The pixel (x, y) that is farthest from the edge of a mask."""
    while True:
        smaller = mask.copy()
        for axis, by in ((0, 1), (0, -1), (1, 1), (1, -1)):
            smaller &= np.roll(mask, by, axis)
        if not smaller.any():
            y, x = np.argwhere(mask)[0]
            return int(x), int(y)
        mask = smaller


def drawn(app: App) -> bytes:
    return app.is_drawn().page.screenshot(clip={"x": 300, "y": 80, "width": 760, "height": 560})


def test_each_object_has_a_mask_of_its_own(two: App, answers: PhotoAnswers) -> None:
    assert iou(two.mask(), answers.tap(*CORNER)) >= SAME_ANSWER
    main(two, 1).click()
    expect(two.markers).to_have_count(1)
    assert iou(two.is_answered().mask(), answers.tap(*CUP)) >= SAME_ANSWER
    expect(main(two, 1)).to_have_attribute("aria-pressed", "true")


def test_all_visible_objects_are_saved_together(two: App, answers: PhotoAnswers) -> None:
    cup, corner = answers.tap(*CUP), answers.tap(*CORNER)
    two["save-all"].click()
    picture = two.save("save-mask")
    assert picture.info["filename"] == "coffee-all-mask.png"
    assert iou(np.asarray(picture) == 255, cup | corner) >= SAME_ANSWER
    assert iou(two.cutout()[..., 3] == 255, cup | corner) >= SAME_ANSWER
    two["object-1-eye"].click()
    expect(two["save-all"]).to_have_count(0)
    assert iou(two.mask(), corner) >= SAME_ANSWER


def test_a_hidden_object_is_not_drawn(two: App) -> None:
    both = drawn(two)
    two["object-1-eye"].click()
    assert drawn(two) != both
    expect(two["object-1-eye"]).to_have_accessible_name("Show Object 1")
    two["undo"].click()
    two.page.mouse.move(2, 2)
    assert drawn(two) == both


def test_objects_are_renamed_in_their_line_and_saved_under_their_names(two: App) -> None:
    two["object-2-rename"].click()
    expect(two["object-name"]).to_be_focused()
    two.page.keyboard.type("Dark corner")
    two.page.keyboard.press("Enter")
    assert names(two) == ["Dark corner", "Object 1"]
    expect(main(two, 2)).to_be_focused()
    assert two.save("save-mask").info["filename"] == "coffee-dark-corner-mask.png"
    expect(two.status).to_contain_text("Dark corner selected")
    main(two, 2).press("F2")
    expect(two["object-name"]).to_be_focused()
    two.page.keyboard.type("No")
    two.page.keyboard.press("Escape")
    assert names(two) == ["Dark corner", "Object 1"]


def test_the_order_changes_by_dragging_and_by_keys(two: App) -> None:
    grip = two["object-1"].locator(".grip")
    above, below = two["object-2"].bounding_box(), grip.bounding_box()
    assert above
    assert below
    two.page.mouse.move(below["x"] + 20, below["y"] + 20)
    two.page.mouse.down()
    two.page.mouse.move(below["x"] + 20, above["y"] + 4, steps=4)
    expect(two["object-2"]).to_have_attribute("data-drop", "above")
    two.page.mouse.up()
    assert names(two) == ["Object 1", "Object 2"]
    grip.focus()
    two.page.keyboard.press("ArrowDown")
    assert names(two) == ["Object 2", "Object 1"]
    expect(grip).to_be_focused()
    expect(two.page.get_by_text("Object 1: place 2 of 2.")).to_have_count(1)


def test_deleting_can_be_undone(two: App) -> None:
    mask = two.mask()
    main(two, 2).focus()
    two.page.keyboard.press("Delete")
    expect(two["objects"]).to_have_count(0)
    expect(two.stage).to_be_focused()
    two.page.keyboard.press("Control+z")
    expect(two["objects"]).to_be_visible()
    assert np.array_equal(two.is_answered().mask(), mask)


@pytest.mark.parametrize("profile", ["desktop", "phone"])
def test_axe_finds_nothing_serious_in_the_list(visit: Visits, axe: str, profile: str) -> None:
    app = tap_two(visit(profile).open())
    for scheme in ("light", "dark"):
        app.page.emulate_media(color_scheme=scheme)
        take(app, f"{profile}-{scheme}-objects")
        assert findings(app, axe) == []
        if profile == "phone":
            app["objects-sheet"].click()
            take(app, f"{profile}-{scheme}-objects-sheet")
            assert findings(app, axe) == []
            app.page.keyboard.press("Escape")
            expect(app.page.get_by_role("dialog")).to_have_count(0)


def test_axe_finds_nothing_serious_in_a_blank_object(two: App, axe: str) -> None:
    two["new-object"].click()
    expect(main(two, 3)).to_have_accessible_name("Object 3 Tap it on the photo")
    assert findings(two, axe) == []
    main(two, 1).click()
    expect(main(two, 3)).to_have_attribute("aria-pressed", "false")
    assert findings(two, axe) == []


def test_a_phone_has_a_strip_and_a_sheet(visit: Visits, answers: PhotoAnswers) -> None:
    phone = tap_two(visit("phone").open())
    phone["objects"].get_by_test_id("object-1").tap()
    assert iou(phone.is_answered().mask(), answers.tap(*CUP)) >= 0.95
    for box in phone.page.locator("button:visible:not(.dot)").evaluate_all(PLACES):
        assert min(box["width"], box["height"]) >= 44, box
        assert 0 <= box["x"] <= 390 - box["width"], box
    phone["objects-sheet"].tap()
    sheet = phone.page.get_by_role("dialog")
    sheet.get_by_test_id("object-1-delete").tap()
    phone.page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(phone["objects"]).to_have_count(0)
    expect(phone["undo"]).to_be_enabled()


def test_the_list_covers_no_other_control(app: App) -> None:
    tap_two(app.open())
    for width, height in ((320, 568), (390, 844), (844, 390), (768, 1024), (1440, 900)):
        app.resize(width, height)
        take(app, f"objects-{width}x{height}")
        nothing_covers_a_panel(app)
        for box in app.page.evaluate(PANELS):
            assert box["bottom"] <= height + 1, box
