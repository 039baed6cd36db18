"""The coordinate contract: the golden file that Vitest reads too, and what must hold for any photo."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from export.models.geometry import Letterbox
from export.publish.publish import self_test_picture
from tests.golden import make_geometry

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "geometry.json").read_text())
CASES = GOLDEN["cases"]


def box(case) -> Letterbox:
    return Letterbox(case["width"], case["height"], case["input_size"])


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['width']}x{c['height']}@{c['input_size']}")
def test_letterbox_and_points_agree_with_the_golden_file(case):
    letterbox = box(case)
    assert (letterbox.new_width, letterbox.new_height) == (case["new_width"], case["new_height"])
    for point in case["points"]:
        assert letterbox.to_model(np.array(point["image"])) == pytest.approx(point["model"], abs=1e-3)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['width']}x{c['height']}@{c['input_size']}")
def test_upsampled_logits_agree_with_the_second_implementation(case):
    letterbox = box(case)
    grid = make_geometry.logit_grid(letterbox.grid)
    expected = make_geometry.sample_logits(grid, letterbox.width, letterbox.height, letterbox.input_size)
    actual = letterbox.upsample(torch.from_numpy(grid)[None])[0].numpy()
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max() < 2e-4 * np.abs(expected).max()
    assert np.mean((actual > 0) != (expected > 0)) < 1e-3


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['width']}x{c['height']}@{c['input_size']}")
def test_the_resized_photo_is_the_one_the_page_makes(case):
    resized = box(case).resize(make_geometry.picture(case["width"], case["height"]))
    assert make_geometry.sha256(resized) == case["resized"]["sha256"]


def test_self_test_picture_is_the_one_the_page_draws():
    for picture in GOLDEN["self_test_pictures"]:
        made = self_test_picture(picture["width"], picture["height"])
        assert make_geometry.sha256(made) == picture["sha256"]


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([256, 320, 1024]))
def test_any_photo_fits_the_frame_and_touches_it(width, height, input_size):
    letterbox = Letterbox(width, height, input_size)
    assert max(letterbox.new_width, letterbox.new_height) == input_size
    assert min(letterbox.new_width, letterbox.new_height) >= 1
    corner = letterbox.to_model(np.array([width, height], float))
    assert corner == pytest.approx([letterbox.new_width, letterbox.new_height], rel=1e-6)
