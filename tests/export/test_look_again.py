"""Small things are looked at again: the rule as the page has it (tests/golden/make_look_again.py), and what comes of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.evaluation.evaluate import measure
from export.models import look_again
from export.models.closer import MOST, CloserPhoto
from export.models.look_again import (
    Region,
    agreement,
    box_of,
    chosen,
    is_whole,
    region_around,
    resample,
    sealed,
    view_for,
    whole_ones,
)
from export.models.predictor import Photo, Prompt
from tests.export.conftest import refuse
from tests.golden import make_look_again, make_prompts

GOLDEN = json.loads(Path(make_look_again.__file__).with_name("look_again.json").read_text())
GRID = make_look_again.GRID


def grid(blob) -> np.ndarray:
    return make_prompts.logits(blob, GRID)


def rect(region, size):
    return Region(*region).rect if region else tuple(make_look_again.frame(size))


def test_the_constants_of_the_rule():
    rule = {name: getattr(look_again, name.upper()) for name in GOLDEN["rule"]}
    assert rule == GOLDEN["rule"]


@pytest.mark.parametrize("case", GOLDEN["regions"])
def test_where_it_is_looked_again(case):
    found = region_around(tuple(case["box"]), *case["size"])
    assert found == (case["region"] and Region(*case["region"]))


@pytest.mark.parametrize("case", GOLDEN["views"])
def test_what_a_person_sees_who_has_zoomed_in(case):
    found = region_around(tuple(case["box"]), *case["size"], case["padding"])
    assert found == (case["region"] and Region(*case["region"]))


@pytest.mark.parametrize("case", GOLDEN["holds"])
def test_which_prompts_a_region_holds(case):
    region, box = Region(*case["region"]), tuple(case["box"])
    assert region.holds(box) is case["held"]
    for points, asked in (((), box), ((box[:2], box[2:]), None)):
        assert view_for(region, points, asked) == (region if case["held"] else None)
    assert view_for(None, (), box) is None


@pytest.mark.parametrize("case", GOLDEN["boxes"])
def test_the_pixels_that_an_answer_touches(case):
    found = box_of(grid(case["mask"]), rect(None, case["size"]), *case["size"])
    assert found == (case["box"] and tuple(case["box"]))


@pytest.mark.parametrize("case", GOLDEN["moved"])
def test_a_grid_read_over_another_part_of_the_photo(case):
    found = resample(grid(case["mask"]), rect(case["from"], case["size"]), rect(case["to"], case["size"]))
    assert [found[row, column] for column, row in case["cells"]] == pytest.approx(case["values"], abs=1e-4)


@pytest.mark.parametrize("case", GOLDEN["sealed"])
def test_nothing_goes_on_beyond_a_region_but_at_the_edge_of_the_photo(case):
    found = sealed(np.ones((2, GRID, GRID), np.float32), Region(*case["region"]), *case["size"])
    expected = np.ones((GRID, GRID))
    for column, row in case["cells"]:
        expected[row, column] = case["outside"]
    assert (found == expected).all()


@pytest.mark.parametrize("case", GOLDEN["whole"])
def test_which_answers_end_before_their_region_does(case):
    assert is_whole(grid(case["mask"]), Region(*case["region"]), *case["size"]) is case["whole"]


@pytest.mark.parametrize("case", GOLDEN["whole_ones"])
def test_which_answers_of_a_view_take_the_places_of_the_first(case):
    assert whole_ones(case["whole"], case["best"]) == case["places"]


@pytest.mark.parametrize("case", GOLDEN["agreement"])
def test_how_far_two_answers_agree(case):
    assert agreement(grid(case["first"]), grid(case["second"])) == pytest.approx(case["iou"])


@pytest.mark.parametrize("case", GOLDEN["chosen"])
def test_which_answer_takes_the_place_of_the_first(case):
    assert chosen(case["fits"], case["predicted"], case["least"]) == case["chosen"]


@pytest.mark.parametrize("case", GOLDEN["prompts"])
def test_a_prompt_inside_a_region(case):
    region = Region(*case["region"])
    moved = region.points((x, y) for x, y, _ in case["points"])
    assert [[*point, label] for point, (*_, label) in zip(moved, case["points"], strict=True)] == case["points_in"]
    assert list(region.box(tuple(case["box"]))) == case["box_in"]


class Seeing:
    """A predictor that finds bright pixels; from afar, where a cell of its grid takes many of them, it finds them bloated."""

    input_size, batch = 64, 4

    def __init__(self, bloat: float = 1.5) -> None:
        self.bloat, self.encoded, self.prompts = bloat, [], []

    def encode(self, resized):
        self.encoded.append(resized.shape[:2])
        padded = np.zeros((self.input_size, self.input_size), np.float32)
        padded[: resized.shape[0], : resized.shape[1]] = resized[..., 0]
        return {"image_embeddings": padded.reshape(GRID, 4, GRID, 4).mean((1, 3))}

    def decode_many(self, features, feeds):
        self.prompts += list(zip(feeds["point_coords"], feeds["has_mask_input"], strict=False))
        seen = features["image_embeddings"]
        near = np.count_nonzero(seen) > 12  # what is small takes few cells
        logits = np.where(seen > (100 if near else 100 / self.bloat**4), 5.0, -5.0).astype(np.float32)
        count = len(feeds["point_coords"])
        return np.tile(logits, (count, 4, 1, 1)), np.tile(np.float32([0.5, 0.6, 0.9, 0.7]), (count, 1))


def spot(side: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A photo of 480 × 320 with a bright square that covers parts of the grid's cells, and its mask."""
    mask = np.zeros((320, 480), bool)
    mask[130 : 130 + side, 190 : 190 + side] = True
    return np.repeat(mask[..., None] * np.uint8(200), 3, 2), mask


def test_a_small_thing_is_found_better_by_click_and_box_and_further_clicks_stay_in_its_region():
    photo, mask = spot()
    afar, again = Seeing(), Seeing()
    (before,) = measure(Photo(afar, photo), [mask], 5)
    (after,) = measure(CloserPhoto(again, photo), [mask], 5)
    assert after.ious[0] > before.ious[0] + 0.1
    assert after.box > before.box + 0.1
    assert min(after.ious) >= after.ious[0]
    # The photo once, and one region for the clicks and the box: these are around the same pixels or nearly so.
    assert len(again.encoded) <= 3
    assert len(again.prompts) < 2 * len(afar.prompts)


def test_a_large_thing_is_looked_at_once():
    photo, mask = spot(180)
    predictor = Seeing()
    (found,) = measure(CloserPhoto(predictor, photo), [mask], 5)
    assert len(predictor.encoded) == 1
    (afar,) = measure(Photo(Seeing(), photo), [mask], 5)
    assert (found.ious, found.box) == (afar.ious, afar.box)


class Joining(Seeing):
    """A predictor that takes everything for one thing from afar; in a region it sees what is bright there."""

    def decode_many(self, features, feeds):
        logits, ious = super().decode_many(features, feeds)
        return (np.full_like(logits, 5.0) if len(self.encoded) == 1 else logits), ious


TAP = Prompt(((210.0, 140.0),), (1,))


def test_what_is_seen_whole_in_the_view_of_a_person_who_has_zoomed_in_is_the_answer():
    photo, mask = spot(80)
    view = Region(130, 70, 200)
    closer = CloserPhoto(Joining(), photo)
    (afar,) = closer.answers([TAP])
    assert afar.mask.all()
    (near,) = closer.answers([replace(TAP, view=view)])
    assert near.region == view
    assert (near.mask & mask).sum() > 0.8 * (near.mask | mask).sum()
    lone, _ = closer.predictor.prompts[-1]
    assert lone[0] == pytest.approx([(210.5 - 130) * 64 / 200, (140.5 - 70) * 64 / 200])
    assert [with_mask for _, with_mask in closer.predictor.prompts] == [0, 0, 0]
    # A further click lies in the view and is answered there: the photo and the view are all that was encoded.
    asked = Prompt(((210.0, 140.0), (150.0, 90.0)), (1, 0), mask=near.low_res, region=near.region, view=view)
    (further,) = closer.answers([asked])
    assert further.region == view
    assert len(closer.predictor.encoded) == 2


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (Region(200, 140, 100), "it goes on beyond the view"),
        (Region(0, 0, 100), "the view does not hold the click"),
        (None, "there is no view"),
    ],
)
def test_otherwise_the_first_answer_stays(view, why):
    photo, _ = spot(80)
    (answer,) = CloserPhoto(Joining(), photo).answers([replace(TAP, view=view)])
    assert answer.region is None, why
    assert answer.mask.all()


def test_what_is_small_is_looked_at_in_a_region_of_its_own_wherever_the_view_is():
    photo, _ = spot()
    seen = [
        CloserPhoto(Seeing(), photo).answers([replace(TAP, view=view)])[0].region
        for view in (None, Region(100, 40, 220))
    ]
    assert seen[0] == seen[1] is not None


def test_candidates_that_go_on_beyond_the_view_stay_those_of_the_first_answer():
    photo, mask = spot(80)

    class Several(Joining):
        def decode_many(self, features, feeds):
            logits, ious = super().decode_many(features, feeds)
            if len(self.encoded) > 1:
                logits[:, 3] = 5.0  # fills the view
            return logits, ious

    (answer,) = CloserPhoto(Several(), photo).answers([replace(TAP, view=Region(130, 70, 200))], all_candidates=True)
    shares = [(each & mask).sum() / (each | mask).sum() for each in answer.masks]
    assert min(shares[:2]) > 0.8
    assert answer.masks[2].all()


def test_evaluate_can_zoom_in_on_each_mask():
    photo, mask = spot(80)
    (afar,) = measure(CloserPhoto(Joining(), photo), [mask], 5)
    (near,) = measure(CloserPhoto(Joining(), photo), [mask], 5, zoomed=2.5)
    assert near.ious[0] > 0.8 > afar.ious[0]


def test_an_answer_that_means_something_else_stays_hidden():
    photo, _ = spot()

    class Elsewhere(Seeing):
        def decode_many(self, features, feeds):
            logits, ious = super().decode_many(features, feeds)
            return (logits if len(self.encoded) == 1 else -logits), ious

    point = Prompt(((210.0, 140.0),), (1,))
    (first,) = Photo(Seeing(), photo).answers([point])
    (second,) = CloserPhoto(Elsewhere(), photo).answers([point])
    assert second.region is None
    assert (second.mask == first.mask).all()


def test_a_click_outside_of_the_region_is_answered_from_afar():
    photo, _ = spot()
    closer = CloserPhoto(Seeing(), photo)
    (near,) = closer.answers([Prompt(((210.0, 140.0),), (1,))])
    assert near.region is not None
    asked = Prompt(((210.0, 140.0), (5.0, 5.0)), (1, 0), mask=near.low_res, region=near.region)
    (far,) = closer.answers([asked])
    assert far.region is None
    assert far.mask.any()


def test_few_regions_stay_encoded():
    photo, _ = spot()
    closer = CloserPhoto(Seeing(), photo)
    for i in range(MOST + 2):
        closer.answers([Prompt(box=(200 + 4 * i, 128, 272, 200))])
    assert len(closer._regions) == MOST


def test_automatic_masks_have_no_prompt_to_look_again_with(tmp_path):
    message = refuse("evaluate", "--manifest", tmp_path / "m.json", "--data", tmp_path, "--look-again", "--everything")
    assert "--look-again is about prompts" in message


def test_a_view_is_for_looking_again(tmp_path):
    message = refuse("evaluate", "--manifest", tmp_path / "m.json", "--data", tmp_path, "--zoomed", "2.5")
    assert "--zoomed needs --look-again" in message
