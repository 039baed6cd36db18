"""The contact sheet: which taps it shows, and that it can be seen."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from export.data.drawn import scene, write_folder
from export.evaluation.sheet import Row, Tap, drawn, listed, sampled
from export.models import checkpoint as checkpoints
from export.models.predictor import Answer
from export.models.promptable import Config, Promptable
from tests.export.conftest import refuse, run


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    config = Config("mobilenetv4_conv_small_050", 32, 32, 16, input_size=64)
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "student.pt"
    checkpoints.save(path, {"config": config.as_dict(), "average": Promptable(config).state_dict()})
    return path


def test_a_sheet_is_drawn_from_several_sets(weights, tmp_path):
    sets = [write_folder(tmp_path / name, 4) for name in ("one", "two")]
    out = tmp_path / "sheet.png"
    options = [option for folder in sets for option in ("--data", folder)]
    printed = run("sheet", "--checkpoint", weights, *options, "--count", 5, "--out", out)
    assert "5 taps" in printed
    assert np.asarray(Image.open(out)).std() > 20


def test_several_models_stand_beside_each_other(weights, tmp_path):
    folder = write_folder(tmp_path / "scenes", 2)
    out = tmp_path / "sheet.png"
    printed = run("sheet", "--checkpoint", weights, "--beside", weights, "--data", folder, "--count", 2, "--out", out)
    assert "the masks that student preselects" in printed
    two_models = np.asarray(Image.open(out)).shape[1]
    run("sheet", "--checkpoint", weights, "--data", folder, "--count", 2, "--out", out)
    assert np.asarray(Image.open(out)).shape[1] - two_models == 2 * 154, (
        "a picture for each model, not one for each candidate"
    )


def test_taps_are_spread_over_the_sets_and_the_same_for_a_seed(tmp_path):
    sets = [str(write_folder(tmp_path / name, 4)) for name in ("one", "two")]
    first, again, other = ([tap.name for tap in sampled(sets, 5, seed)] for seed in (0, 0, 7))
    assert first == again
    assert first != other
    assert [sum(name.startswith(s) for name in first) for s in ("one", "two")] == [3, 2]
    for tap in sampled(sets, 5, 0):
        assert tap.target[tap.point[1], tap.point[0]]


def test_the_preselected_candidate_is_framed_and_the_photo_shows_the_tap():
    photo, ids = scene(0)
    tap = Tap("a scene", photo, ids == 1, (40, 60))
    masks = np.array([ids == 1, ids == 2, ids > 0])
    sheet = drawn([Row(tap, Answer(masks, 1, (0.1, 0.9, 0.5)), (1.0, 0.0, 0.5))])
    assert (sheet == (255, 0, 255)).all(-1).sum() > 20, "the tap"
    frame = (sheet == (255, 90, 30)).all(-1)
    columns = np.flatnonzero(frame.any(0))
    assert columns.min() > 2 * 150
    assert columns.max() < 3 * 154


def test_plain_photos_with_polygons_are_shown_too(weights, tmp_path):
    photo, _ = scene(0)
    Image.fromarray(photo).save(tmp_path / "scene.png")
    square = [[20, 30], [60, 30], [60, 70], [20, 70]]
    content = {"photo": "scene.png", "objects": [{"name": "square", "point": [40, 50], "polygons": [square]}]}
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "scene.json").write_text(json.dumps(content))
    (tap,) = listed(truth, tmp_path)
    assert tap.target.sum() == 40 * 40
    options = ("--checkpoint", weights, "--photos", tmp_path, "--out", tmp_path / "sheet.png")
    assert "1 taps" in run("sheet", *options, "--truth", truth)
    (truth / "scene.json").write_text('{"photo": "scene.png"}')
    assert "scene.json" in refuse("sheet", *options, "--truth", truth)


def test_conflicting_sources_are_refused(weights, tmp_path):
    options = ("--checkpoint", weights, "--out", tmp_path / "sheet.png")
    assert "--data, or --truth" in refuse("sheet", *options)
    assert "--data, or --truth" in refuse("sheet", *options, "--truth", tmp_path)
