"""What can be said about a photo: points, boxes, corrections, and taking them back."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from export.models.predictor import Prompt
from tests.e2e.app import App
from tests.e2e.expected import Expected, PhotoAnswers, iou
from tests.e2e.truth import SAMPLES

SAME_ANSWER = 0.97
CUP = (290, 60)  # inside of the cup
SAUCER = (430, 220)


@pytest.fixture
def coffee(start: App) -> App:
    return start.choose_sample("coffee")


@pytest.fixture
def answers(expected: Expected) -> PhotoAnswers:
    return expected.read(SAMPLES / "coffee.jpg")


def corrected(answers: PhotoAnswers, label: int) -> np.ndarray:
    """A tap on the cup, then a second point on the saucer, which goes with the first answer."""
    first, _, best = answers.low_res(Prompt(points=(CUP,), labels=(1,)))
    return answers.mask(Prompt(points=(CUP, SAUCER), labels=(1, label), mask=first[best]))


def test_a_box_is_drawn_by_dragging(coffee: App, answers: PhotoAnswers) -> None:
    mask = coffee.box(165, 10, 415, 315).mask()
    assert iou(mask, answers.mask(Prompt(box=(165, 10, 415, 315)))) >= SAME_ANSWER


def test_a_box_and_a_point_together(coffee: App, answers: PhotoAnswers) -> None:
    box = (165.0, 10.0, 415.0, 315.0)
    first, _, best = answers.low_res(Prompt(box=box))
    both = Prompt(points=(SAUCER,), labels=(0,), box=box, mask=first[best])
    mask = coffee.box(*box).right_click(*SAUCER).mask()
    assert iou(mask, answers.mask(both)) >= SAME_ANSWER


def test_a_background_point_corrects_the_mask(coffee: App, answers: PhotoAnswers) -> None:
    before = coffee.tap(*CUP).mask()
    after = coffee.right_click(*SAUCER).mask()
    assert not np.array_equal(before, after)
    assert iou(after, corrected(answers, label=0)) >= SAME_ANSWER
    expect(coffee.markers.nth(1).get_by_role("button")).to_have_accessible_name("Point 2, not part of the object")


def test_the_candidates_are_three_masks_with_their_scores(coffee: App, answers: PhotoAnswers) -> None:
    prompt = Prompt(points=(CUP,), labels=(1,))
    _, scores, best = answers.low_res(prompt)
    coffee.tap(*CUP)
    masks = []
    for number in (1, 2, 3):
        button = coffee[f"candidate-{number}"]
        expect(button).to_have_attribute("aria-pressed", str(number == best + 1).lower())
        shown = re.search(r"(\d+) %", button.inner_text())
        assert shown
        assert int(shown[1]) == pytest.approx(100 * np.clip(scores[number - 1], 0, 1), abs=2)
    for number in (1, 2, 3):
        button = coffee[f"candidate-{number}"]
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        masks.append(coffee.mask())
        assert iou(masks[-1], answers.mask(prompt, number - 1)) >= SAME_ANSWER
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[1], masks[2])


def test_a_point_can_be_dragged(coffee: App, answers: PhotoAnswers) -> None:
    before = coffee.tap(*CUP).mask()
    coffee.drag(CUP, SAUCER).is_answered()
    after = coffee.mask()
    expect(coffee.markers).to_have_count(1)
    assert not np.array_equal(before, after)
    assert iou(after, answers.tap(*SAUCER)) >= SAME_ANSWER
    coffee["undo"].click()
    assert np.array_equal(coffee.is_answered().mask(), before), "a drag is one step"


def test_a_point_can_be_removed(coffee: App, answers: PhotoAnswers) -> None:
    coffee.tap(*CUP).tap(*SAUCER)
    coffee.page.mouse.click(*coffee.view.css(*CUP))
    coffee["remove-point"].click()
    expect(coffee.markers).to_have_count(1)
    assert iou(coffee.is_answered().mask(), answers.tap(*SAUCER)) >= SAME_ANSWER


def test_the_mask_under_the_pointer_is_shown_before_the_click(coffee: App) -> None:
    ink = """() => {
      const context = document.querySelector("canvas.stage-ink").getContext("2d");
      return context.getImageData(0, 0, context.canvas.width, context.canvas.height).data.some((value) => value);
    }"""
    assert not coffee.page.evaluate(ink)
    coffee.page.mouse.move(*coffee.view.css(*CUP))
    coffee.page.wait_for_function(ink)
    expect(coffee.markers).to_have_count(0)
    coffee.page.mouse.move(2, 2)
    coffee.page.wait_for_function(f"() => !({ink})()")
