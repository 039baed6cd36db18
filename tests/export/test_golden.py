"""What the page and Python must decide alike: golden files that Vitest reads too (tests/golden/make_prompts.py, make_rle.py)."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from export.data import rle
from export.evaluation.everything import LADDER, Bar, Settings, boxes, find, select
from export.models import selection
from export.models.geometry import Letterbox
from export.models.predictor import Photo, Prompt, stacked
from tests.golden import make_prompts


def golden(name):
    return json.loads((Path(make_prompts.__file__).parent / f"{name}.json").read_text())


CANDIDATES, FEEDS, EVERYTHING = (golden(name) for name in ("candidates", "feeds", "everything"))


@pytest.mark.parametrize("case", CANDIDATES["cases"])
def test_candidates_and_the_preselected_one(case):
    ious = np.array(case["ious"], np.float32)
    assert selection.candidates(ious, case["lone_point"]) == (case["tokens"], case["best"])
    if len(ious) == 4:
        lone = torch.tensor([case["lone_point"]])
        assert selection.preselected(torch.from_numpy(ious)[None], lone).tolist() == [case["tokens"][case["best"]]]


def prompt(case) -> Prompt:
    grid = case["input_size"] // 4
    return Prompt(
        points=tuple((x, y) for x, y, _ in case["points"]),
        labels=tuple(label for *_, label in case["points"]),
        box=case["box"] and tuple(case["box"]),
        mask=np.full((grid, grid), 7, np.float32) if case["mask"] else None,
    )


def box(case) -> Letterbox:
    return Letterbox(case["width"], case["height"], case["input_size"])


@pytest.mark.parametrize("case", FEEDS["cases"], ids=lambda case: f"{case['width']}x{case['height']}")
def test_the_tensors_that_a_prompt_becomes(case):
    feeds = prompt(case).feeds(box(case))
    assert {tensor.dtype for tensor in feeds.values()} == {np.dtype(np.float32)}
    assert feeds["point_coords"].tolist() == [case["point_coords"]]
    assert feeds["point_labels"].tolist() == [case["point_labels"]]
    assert list(feeds["mask_input"].shape) == case["mask_input"]
    assert set(feeds["mask_input"].ravel()) == ({7} if case["mask"] else {0})
    assert feeds["has_mask_input"].tolist() == [case["has_mask_input"]]


def test_the_tensors_that_several_lone_points_become():
    cases = FEEDS["lone_points"]
    feeds = stacked([prompt(case) for case in cases], box(cases[0]))
    assert feeds["point_coords"].tolist() == [case["point_coords"] for case in cases]
    assert feeds["point_labels"].tolist() == [case["point_labels"] for case in cases]
    assert list(feeds["mask_input"].shape) == cases[0]["mask_input"]
    assert feeds["has_mask_input"].tolist() == [0]


class Answering:
    """A predictor that gives the golden file's answers, one tap after the other."""

    input_size, batch = EVERYTHING["input_size"], 4

    def __init__(self):
        self.asked = 0

    def encode(self, resized):
        return {}

    def decode_many(self, features, feeds):
        answers = EVERYTHING["answers"][self.asked : self.asked + len(feeds["point_coords"])]
        self.asked += len(answers)
        grid = self.input_size // 4
        masks = np.array([[make_prompts.logits(mask, grid) for mask in answer] for answer in answers], np.float32)
        return masks, np.array([[mask["iou"] for mask in answer] for answer in answers], np.float32)


def found(settings: Settings):
    photo = np.zeros((EVERYTHING["height"], EVERYTHING["width"], 3), np.uint8)
    return find(Photo(Answering(), photo), settings)


def test_the_thresholds_are_lowered_by_the_same_steps():
    assert [[bar.predicted_iou, bar.stability] for bar in LADDER] == EVERYTHING["ladder"]
    assert Settings().bars() == LADDER
    assert Settings(enough=0).bars() == Settings(stability=0.95).bars() == LADDER[:1]


def test_stability_and_box_of_every_mask():
    side = EVERYTHING["points_per_side"]
    every = found(Settings(side, -9, 0, overlap=1))
    expected = sorted(EVERYTHING["found"], key=lambda mask: -mask["predicted_iou"])
    assert every.points == pytest.approx(np.array([EVERYTHING["taps"][mask["tap"]] for mask in expected]))
    assert every.predicted == pytest.approx([mask["predicted_iou"] for mask in expected])
    assert every.stability == pytest.approx([mask["stability"] for mask in expected])
    columns, rows = EVERYTHING["cells"]
    actual = boxes(every.logits[:, :rows, :columns]).numpy()
    assert actual == pytest.approx(np.array([mask["box"] for mask in expected]), abs=1e-5)


@pytest.mark.parametrize("case", EVERYTHING["cases"])
def test_what_is_kept(case):
    masks = EVERYTHING["found"]
    boxes_, predicted, stability = (
        torch.tensor([mask[key] for mask in masks]) for key in ("box", "predicted_iou", "stability")
    )
    bars = [Bar(*bar) for bar in case["bars"]]
    chosen, bar = select(boxes_, predicted, stability, bars, case["enough"], case["overlap"])
    assert [[masks[i]["tap"], masks[i]["token"]] for i in chosen] == case["kept"]
    assert bar == Bar(*case["bar"])


def test_the_whole_search_keeps_the_same():
    (case,) = (case for case in EVERYTHING["cases"] if case["enough"] == 8 and len(case["bars"]) > 1)
    actual = found(Settings(EVERYTHING["points_per_side"], overlap=case["overlap"], enough=case["enough"]))
    assert actual.points == pytest.approx(np.array([EVERYTHING["taps"][tap] for tap, _ in case["kept"]]))
    assert actual.bar == Bar(*case["bar"])
    assert "lowered until 8 masks were left" in Settings().rule(actual.bar)


@pytest.mark.parametrize("case", golden("rle")["cases"], ids=lambda case: case["name"])
def test_run_lengths_are_those_of_coco(case):
    mask = np.array([[digit == "1" for digit in row] for row in case["rows"]])
    lengths = rle.runs(case["counts"])
    assert np.array_equal(rle.mask(lengths, *mask.shape), mask)
    assert rle.compress(lengths) == case["counts"]
