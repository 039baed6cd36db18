"""Where all masks of a photo are looked for: by the golden file, which Vitest reads too, and that the search keeps to it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from export.evaluation import places
from export.evaluation.everything import Settings, find
from export.models.predictor import Photo

GOLDEN = json.loads((Path(__file__).resolve().parents[1] / "golden" / "places.json").read_text())
SIDE = GOLDEN["side"]


@pytest.mark.parametrize("case", GOLDEN["start"], ids=lambda case: f"{case['most']} of {case['side']}²")
def test_the_first_round(case):
    assert places.start(case["side"], case["most"]) == case["places"]


@pytest.mark.parametrize("case", GOLDEN["further"])
def test_a_further_round(case):
    masks = [[place == "#" for row in mask for place in row] for mask in case["masks"]]
    held = np.array(masks, bool).reshape(-1, SIDE * SIDE)
    assert places.further(held, case["tapped"], SIDE, case["most"]) == case["further"]


def test_a_mask_holds_the_places_in_whose_cell_it_is():
    logits = torch.full((2, 3, 8), -1.0)
    logits[0, 1, 4:] = 1.0  # places of 4 × 4 lie in rows 0, 1, 1, 2 and columns 1, 3, 5, 7
    held = places.held(logits, 4).reshape(2, 4, 4)
    assert np.argwhere(held[0]).tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]
    assert not held[1].any()


class Halves:
    """A predictor to whom each half of the photo is a thing; `tapped` are the taps, in the model frame."""

    input_size, batch = 64, 4

    def __init__(self):
        self.tapped = []

    def encode(self, resized):
        return {}

    def decode_many(self, features, feeds):
        taps = feeds["point_coords"][:, 0]
        self.tapped += taps.tolist()
        right = np.arange(16) >= 8
        half = [np.broadcast_to(np.where(right == (x >= 32), 9.0, -9.0), (16, 16)) for x, _ in taps]
        logits = np.stack([np.stack([mask] * 4) for mask in half]).astype(np.float32)
        return logits, np.tile(np.float32([0.1, 0.9, 0.1, 0.1]), (len(taps), 1))


@pytest.mark.parametrize(("most", "asked"), [(3, 3), (9, 9), (10, 10), (64, 64), (99, 64)])
def test_no_place_is_tapped_twice_and_no_more_than_allowed(most, asked):
    predictor = Halves()
    found = find(Photo(predictor, np.zeros((64, 64, 3), np.uint8)), Settings(8, taps=most, enough=2))
    assert len(predictor.tapped) == len({tuple(tap) for tap in predictor.tapped}) == asked
    assert len(found) == 2


def test_the_middle_of_what_was_found_comes_after_the_first_round():
    predictor = Halves()
    find(Photo(predictor, np.zeros((64, 64, 3), np.uint8)), Settings(8, taps=10))
    tapped = [((x - 4) / 8, (y - 4) / 8) for x, y in predictor.tapped]
    # Of the left half the first deepest place, (1, 1), was a start; of the right one it is (5, 1).
    assert tapped == [*((x, y) for y in (1, 4, 7) for x in (1, 4, 7)), (5, 1)]
