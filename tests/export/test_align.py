"""Agreement of a student with its teacher under the same prompts."""

import json

import numpy as np
import pytest
import torch

from export.evaluation.align import DISTANCES, FRAME, alignment, prompt_pairs, summary
from export.models import checkpoint as checkpoints
from export.models.predictor import Answer
from export.models.promptable import Config, Promptable
from tests.export.conftest import refuse, run

CONFIG = Config("mobilenetv4_conv_small_050", 32, 32, 16, input_size=64)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    for seed in (0, 1):
        torch.manual_seed(seed)
        content = {"config": CONFIG.as_dict(), "average": Promptable(CONFIG).state_dict()}
        checkpoints.save(folder / f"{seed}.pt", content)
    return folder


class Left:
    """Answers every prompt with the columns left of `edge`."""

    def __init__(self, edge: int) -> None:
        self.mask = np.zeros((40, 100), bool)
        self.mask[:, :edge] = True

    def answers(self, prompts, all_candidates=False):
        return [Answer(self.mask[None], 0, (1.0,)) for _ in prompts]


def test_points_lie_as_far_apart_as_said_and_inside_the_photo():
    width, height = 512, 400
    for _, prompts in prompt_pairs(width, height, 3):
        assert set(prompts) <= set(DISTANCES)
        for distance, prompt in prompts.items():
            (x, y), (u, v) = prompt.points
            assert np.hypot(u - x, v - y) * FRAME / width == pytest.approx(distance, abs=0.01)
            assert 0 <= u <= width - 1
            assert 0 <= v <= height - 1
            assert prompt.labels == (1, 0)


def test_points_are_the_same_in_every_run_and_differ_by_photo():
    assert prompt_pairs(300, 200, 5) == prompt_pairs(300, 200, 5)
    assert prompt_pairs(300, 200, 5) != prompt_pairs(300, 200, 6)


def test_the_figure_is_the_iou_of_the_two_masks():
    found = summary([alignment(Left(40), Left(50), 100, 40, number) for number in range(3)])
    assert found["align_one_point_miou"] == 0.8
    assert set(found["align_miou"].values()) == {0.8}
    assert found["align_prompts"]["1"] == 12


def test_a_distance_that_fits_nowhere_has_no_figure():
    found = summary([{"1": [0.5], **{str(d): [] for d in DISTANCES}}])
    assert found["align_miou"]["500"] is None


def test_a_model_agrees_with_itself_and_less_with_another(weights, scenes, tmp_path):
    found = []
    for teacher in ("0.pt", "1.pt"):
        out = tmp_path / "figures.json"
        options = ("--checkpoint", weights / "0.pt", "--align", weights / teacher, "--data", scenes, "--limit", 2)
        printed = run("evaluate", *options, "--no-noc", "--json", out)
        (figures,) = json.loads(out.read_text()).values()
        found.append(figures)
        assert "token 0 of both" in printed
    same, other = found
    assert same["align_one_point_miou"] == 1
    assert {value for value in same["align_miou"].values() if value is not None} == {1.0}
    assert other["align_miou"]["200"] < 1
    assert same["click_miou"] == other["click_miou"], "the teacher changes nothing else"


def test_an_unknown_teacher_is_named(weights, scenes):
    options = ("--checkpoint", weights / "0.pt", "--data", scenes)
    assert "nobody.pt" in refuse("evaluate", *options, "--align", "nobody.pt")
