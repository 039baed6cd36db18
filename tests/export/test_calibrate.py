"""The predicted IoU: SAM's head, and how sure a mask is of its own pixels."""

import numpy as np
import pytest
import torch

from export.errors import ExportError
from export.models.checkpoint import load, load_model, save
from export.models.decoder import Calibration
from export.models.promptable import Config, Promptable
from export.training.calibrate import Answers
from export.training.losses import promptable_loss
from tests.export.conftest import refuse, run


@pytest.fixture
def calibration():
    calibration = Calibration()
    calibration.weights.data = torch.tensor([0.5, 0.75, -0.25])
    return calibration


def masks(*logits):
    """One answer of as many masks: a square of that logit on a background that is certain."""
    drawn = torch.full((1, len(logits), 16, 16), -9.0)
    for number, logit in enumerate(logits):
        drawn[0, number, 4:12, 4:12] = logit
    return drawn


@torch.no_grad()
def test_certainty_decides_between_equal_head_scores(calibration):
    vague, sure = calibration(masks(0.1, 6.0), torch.tensor([[0.8, 0.8]]))[0]
    assert float(vague) == pytest.approx(0.5 * 0.8 + 0.75 * 0.525 - 0.25, abs=1e-4)
    assert float(sure) == pytest.approx(0.5 * 0.8 + 0.75 * 0.9975 - 0.25, abs=1e-4)


@torch.no_grad()
def test_empty_mask_has_zero_certainty(calibration):
    assert float(calibration(masks(-9.0), torch.tensor([[0.8]]))) == pytest.approx(0.5 * 0.8 - 0.25)


def test_calibration_loss_reaches_no_mask(calibration):
    logits = masks(0.5, 0.5, 2.0, 4.0).requires_grad_()
    head = torch.full((1, 4), 0.5, requires_grad=True)
    expected = (masks(9.0)[:, 0] > 0).float()
    loss, _ = promptable_loss(
        logits.detach(), calibration(logits, head), expected, torch.ones_like(expected, dtype=torch.bool)
    )
    loss.backward()
    assert logits.grad is None
    assert head.grad.abs().min() > 0
    assert calibration.weights.grad.abs().min() > 0


def test_checkpoint_without_calibration_predicts_as_before():
    config = Config("mobilenetv4_conv_small_050", dim=32, fine_8=16, fine_4=8, input_size=64)
    model = Promptable(config).eval()
    earlier = {name: value for name, value in model.state_dict().items() if "calibration" not in name}
    later = Promptable(config).eval()
    later.load_state_dict(earlier)
    head = torch.rand(1, 4)
    assert torch.equal(later.mask_decoder.calibration(masks(1.0, 2.0, 3.0, 4.0), head), head)


def test_earlier_names_of_calibration_load(tmp_path):
    model = Promptable(Config("mobilenetv4_conv_small_050", dim=32, fine_8=0, fine_4=0, input_size=64, calibrated=True))
    model.mask_decoder.calibration.weights.data = torch.tensor([0.5, 0.75, -0.25])
    config = {"judged" if name == "calibrated" else name: value for name, value in model.config.as_dict().items()}
    average = {name.replace("calibration", "judge"): value for name, value in model.state_dict().items()}
    assert "mask_decoder.judge.weights" in average
    path = tmp_path / "earlier.pt"
    save(path, {"config": config, "average": average})
    loaded = load_model(path)
    assert loaded.config == model.config
    assert torch.equal(loaded.mask_decoder.calibration.weights, model.mask_decoder.calibration.weights)


def test_judge_is_an_alias_of_calibrate():
    assert "Fit how a model rates its own masks" in run("judge", "--help")


def test_fit_recovers_known_weights():
    random = np.random.default_rng(0)
    head, certainty = random.random((2, 500, 4))
    answers = Answers(head, certainty, 0.4 * head + 0.6 * certainty - 0.1)
    assert answers.fit(1.5) == pytest.approx((0.4, 0.6, -0.1))
    assert answers.error(answers.fit(1.5)) == pytest.approx(0)
    assert answers.picked(1.5) == pytest.approx(answers.iou[:, 1:].max(1).mean())
    assert answers.picked(0) < answers.picked(1.5)


def test_anticorrelated_head_is_refused():
    head = np.random.default_rng(0).random((50, 4))
    with pytest.raises(ExportError, match="train it first"):
        Answers(head, np.zeros_like(head), 1 - head).fit(1.5)


def test_calibrating_changes_only_its_own_weights(checkpoint, scenes, tmp_path):
    out = tmp_path / "calibrated.pt"
    told = run(
        "calibrate", "--data", scenes, "--checkpoint", checkpoint, "--out", out, "--samples", 8, "--batch", 4,
        "--workers", 0, "--holdout", 2, "--device", "cpu",
    )  # fmt: skip
    before, after = load(checkpoint), load(out)
    weights = after["average"].pop("mask_decoder.calibration.weights")
    first = before["average"].pop("mask_decoder.calibration.weights")
    assert not torch.equal(weights, first)
    assert float(weights[1] / weights[0]) == pytest.approx(1.5, rel=1e-4)
    assert all(torch.equal(value, after["average"][name]) for name, value in before["average"].items())
    assert f"{weights[0]:.3f} · head {weights[1]:+.3f} · certainty" in told
    assert isinstance(load_model(out), Promptable)


def test_model_without_calibration_is_refused(scenes, tmp_path):
    plain = Promptable(Config("mobilenetv4_conv_small_050", dim=32, fine_8=0, fine_4=0, input_size=64))
    path = tmp_path / "plain.pt"
    save(path, {"config": plain.config.as_dict(), "average": plain.state_dict()})
    told = refuse("calibrate", "--data", scenes, "--checkpoint", path, "--out", tmp_path / "calibrated.pt")
    assert "has no calibration" in told
    assert not (tmp_path / "calibrated.pt").exists()
