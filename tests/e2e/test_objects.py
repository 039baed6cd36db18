"""Tapping objects: the page answers as the Python evaluation does, and as a person would."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import RESULTS, Visits
from tests.e2e.expected import Expected, PhotoAnswers, iou
from tests.e2e.models import TINY
from tests.e2e.serving import Site
from tests.e2e.truth import Truth, read_all

pytestmark = pytest.mark.real_model(TINY)

TRUTHS = read_all()
SAME_ANSWER = 0.97  # two runtimes, two JPEG decoders
GOOD_ENOUGH = 0.44  # mean over the objects: what the model reached (0.472) less 0.03; a better one will raise it

Masks = dict[Truth, np.ndarray]


@pytest.fixture(scope="module")
def page_masks(browser: Browser, site: Site) -> Iterator[Masks]:
    """Every object, tapped in the page on its sample photo, and saved."""
    masks: Masks = {}
    visit = Visits(browser, site, TINY)
    for photo in sorted({truth.photo for truth in TRUTHS}):
        app = visit().open().choose_sample(photo.removesuffix(".jpg"))
        for truth in (truth for truth in TRUTHS if truth.photo == photo):
            masks[truth] = app.tap(*truth.point).mask()
            app["clear"].click()
    yield masks
    visit.end()


@pytest.fixture(scope="module")
def python_answers(site: Site) -> dict[str, PhotoAnswers]:
    expected = Expected(TINY)
    return {truth.photo: expected.read(truth.file) for truth in TRUTHS}


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: f"{truth.photo}-{truth.name}".replace(" ", "-"))
def test_the_page_answers_as_python_does(
    truth: Truth, page_masks: Masks, python_answers: dict[str, PhotoAnswers]
) -> None:
    wanted = python_answers[truth.photo].tap(*truth.point)
    assert wanted.any(), "the model finds nothing there, so nothing is compared"
    assert iou(page_masks[truth], wanted) >= SAME_ANSWER


def test_masks_are_the_objects(page_masks: Masks, python_answers: dict[str, PhotoAnswers]) -> None:
    rows = [(iou(mask, truth.mask()), truth) for truth, mask in page_masks.items()]
    mean = float(np.mean([value for value, _ in rows]))
    table = [f"{value:.3f}  {truth.photo.removesuffix('.jpg')}: {truth.name}" for value, truth in rows]
    text = "\n".join([*table, f"{mean:.3f}  mean of {len(rows)} objects"])
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "objects.txt").write_text(text + "\n")
    print(f"\n{text}")
    assert len(rows) >= 6
    assert mean >= GOOD_ENOUGH, text


def test_the_ground_truth_fits_the_photos() -> None:
    for truth in TRUTHS:
        x, y = truth.point
        mask = truth.mask()
        assert mask[y, x], f"{truth.photo}: the tap for {truth.name} misses it"
        assert mask.shape == truth.size[::-1]
