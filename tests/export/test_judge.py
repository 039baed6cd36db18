"""The predicted IoU: SAM's head, and how sure a mask is of its own pixels."""

import numpy as np
import pytest
import torch

from export.errors import ExportError
from export.models.checkpoint import load, load_model, save
from export.models.decoder import Judge
from export.models.promptable import Config, Promptable
from export.training.judge import Answers
from export.training.losses import promptable_loss
from tests.export.conftest import refuse, run


@pytest.fixture
def judge():
    judge = Judge()
    judge.weights.data = torch.tensor([0.5, 0.75, -0.25])
    return judge


def masks(*logits):
    """One answer of as many masks: a square of that logit on a background that is certain."""
    drawn = torch.full((1, len(logits), 16, 16), -9.0)
    for number, logit in enumerate(logits):
        drawn[0, number, 4:12, 4:12] = logit
    return drawn


@torch.no_grad()
def test_of_two_that_the_head_likes_equally_the_surer_one_wins(judge):
    vague, sure = judge(masks(0.1, 6.0), torch.tensor([[0.8, 0.8]]))[0]
    assert float(vague) == pytest.approx(0.5 * 0.8 + 0.75 * 0.525 - 0.25, abs=1e-4)
    assert float(sure) == pytest.approx(0.5 * 0.8 + 0.75 * 0.9975 - 0.25, abs=1e-4)


@torch.no_grad()
def test_an_empty_mask_is_sure_of_nothing(judge):
    assert float(judge(masks(-9.0), torch.tensor([[0.8]]))) == pytest.approx(0.5 * 0.8 - 0.25)


def test_training_teaches_the_judge_but_no_mask_to_look_sure(judge):
    logits = masks(0.5, 0.5, 2.0, 4.0).requires_grad_()
    head = torch.full((1, 4), 0.5, requires_grad=True)
    wanted = (masks(9.0)[:, 0] > 0).float()
    loss, _ = promptable_loss(logits.detach(), judge(logits, head), wanted, torch.ones_like(wanted, dtype=torch.bool))
    loss.backward()
    assert logits.grad is None
    assert head.grad.abs().min() > 0
    assert judge.weights.grad.abs().min() > 0


def test_a_checkpoint_from_before_the_judge_answers_as_it_did():
    config = Config("mobilenetv4_conv_small_050", dim=32, fine_8=16, fine_4=8, input_size=64)
    model = Promptable(config).eval()
    earlier = {name: value for name, value in model.state_dict().items() if "judge" not in name}
    later = Promptable(config).eval()
    later.load_state_dict(earlier)
    head = torch.rand(1, 4)
    assert torch.equal(later.mask_decoder.judge(masks(1.0, 2.0, 3.0, 4.0), head), head)


def test_the_fit_finds_what_the_true_ious_were_made_of_and_what_certainty_is_worth():
    random = np.random.default_rng(0)
    head, certainty = random.random((2, 500, 4))
    answers = Answers(head, certainty, 0.4 * head + 0.6 * certainty - 0.1)
    assert answers.fit(1.5) == pytest.approx((0.4, 0.6, -0.1))
    assert answers.error(answers.fit(1.5)) == pytest.approx(0)
    assert answers.picked(1.5) == pytest.approx(answers.iou[:, 1:].max(1).mean())
    assert answers.picked(0) < answers.picked(1.5)


def test_a_head_that_says_the_opposite_is_refused():
    head = np.random.default_rng(0).random((50, 4))
    with pytest.raises(ExportError, match="train it first"):
        Answers(head, np.zeros_like(head), 1 - head).fit(1.5)


def test_a_judged_checkpoint_draws_the_same_masks(checkpoint, scenes, tmp_path):
    out = tmp_path / "judged.pt"
    told = run(
        "judge", "--data", scenes, "--checkpoint", checkpoint, "--out", out, "--samples", 8, "--batch", 4,
        "--workers", 0, "--holdout", 2, "--device", "cpu",
    )  # fmt: skip
    before, after = load(checkpoint), load(out)
    weights = after["average"].pop("mask_decoder.judge.weights")
    first = before["average"].pop("mask_decoder.judge.weights")
    assert not torch.equal(weights, first)
    assert float(weights[1] / weights[0]) == pytest.approx(1.5, rel=1e-4)
    assert all(torch.equal(value, after["average"][name]) for name, value in before["average"].items())
    assert f"{weights[0]:.3f} · head {weights[1]:+.3f} · certainty" in told
    assert isinstance(load_model(out), Promptable)


def test_a_model_without_a_judge_is_refused(scenes, tmp_path):
    plain = Promptable(Config("mobilenetv4_conv_small_050", dim=32, fine_8=0, fine_4=0, input_size=64))
    path = tmp_path / "plain.pt"
    save(path, {"config": plain.config.as_dict(), "average": plain.state_dict()})
    told = refuse("judge", "--data", scenes, "--checkpoint", path, "--out", tmp_path / "judged.pt")
    assert "has no judge" in told
    assert not (tmp_path / "judged.pt").exists()
