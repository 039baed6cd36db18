"""The click rule, IoU, and which candidate is preselected."""

import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import arrays

from export.data.boxes import tight_box
from export.evaluation import clicks
from export.models.selection import candidates

MASKS = arrays(bool, (12, 17))


def disc(cx, cy, radius, shape=(60, 80)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (x - cx) ** 2 + (y - cy) ** 2 <= radius**2


def test_first_click_is_the_centre_of_a_disc():
    x, y, label = clicks.next_click(disc(50, 20, 12), np.zeros((60, 80), bool))
    assert (x, y, label) == (50, 20, 1)


def test_the_border_counts_as_an_edge():
    half = np.zeros((20, 40), bool)
    half[:, :20] = True
    x, y, _ = clicks.next_click(half, np.zeros_like(half))
    assert 9 <= x <= 10
    assert 9 <= y <= 10


def test_the_next_click_goes_to_the_deeper_error():
    target, predicted = disc(20, 30, 10), disc(60, 30, 15)
    x, y, label = clicks.next_click(target, predicted)
    assert (x, y, label) == (60, 30, 0), "the surplus disc is deeper than the missed one"


def test_ignored_pixels_are_never_clicked():
    target = disc(20, 30, 10)
    x, y, label = clicks.next_click(target, disc(60, 30, 15), ignore=disc(60, 30, 16))
    assert (x, y, label) == (20, 30, 1)


@given(MASKS, MASKS)
def test_iou_is_symmetric_and_between_0_and_1(a, b):
    assert 0 <= clicks.iou(a, b) <= 1
    assert clicks.iou(a, b) == clicks.iou(b, a)
    assert clicks.iou(a, a) == 1


@given(MASKS.filter(np.any))
def test_the_tight_box_holds_the_mask_and_touches_it(mask):
    x1, y1, x2, y2 = tight_box(mask)
    assert mask[y1 : y2 + 1, x1 : x2 + 1].sum() == mask.sum()
    assert mask[y1].any()
    assert mask[y2].any()
    assert mask[:, x1].any()
    assert mask[:, x2].any()


def test_a_lone_point_offers_tokens_1_to_3_and_the_best_predicted():
    assert candidates(np.array([0.99, 0.2, 0.8, 0.5]), lone_point=True) == ([1, 2, 3], 1)


def test_a_richer_prompt_is_answered_by_token_0_then_the_best_two():
    assert candidates(np.array([0.1, 0.2, 0.8, 0.5]), lone_point=False) == ([0, 2, 3], 0)
