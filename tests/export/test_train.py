"""Training: it learns, it resumes exactly, a kill leaves a whole checkpoint, and prompts mean what they say."""

import numpy as np
import pytest
import torch

from export.data.order import split
from export.models import checkpoint as checkpoints
from export.training.losses import mask_losses, true_ious
from export.training.prompts import correct, depth, first_prompts, sample_click
from export.training.schedule import Schedule, running_average
from tests.export.conftest import QUICK, TINY, refuse, run


def test_a_run_writes_a_checkpoint_and_its_curves(checkpoint):
    content = checkpoints.load(checkpoint)
    assert content["seen"] == 16
    assert {"heldout_click1", "heldout_oracle", "heldout_box"} <= set(content["log"][-1])
    assert (checkpoint.parent / "curves.png").stat().st_size > 5_000


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(scenes, checkpoint, tmp_path):
    options = ("--data", scenes, "--out", tmp_path, *TINY, *QUICK, "--measure-every", 8, "--schedule", "constant")
    run("train", *options, "--samples", 8)
    assert "Resuming" in run("train", *options, "--samples", 16, "--accept-changes")
    whole = ("--data", scenes, "--out", tmp_path / "whole", *TINY, *QUICK, "--measure-every", 8)
    run("train", *whole, "--schedule", "constant", "--samples", 16)
    resumed, straight = (checkpoints.load(p / "checkpoint.pt") for p in (tmp_path, tmp_path / "whole"))
    for name, value in straight["model"].items():
        assert torch.allclose(value.float(), resumed["model"][name].float(), atol=1e-5), name


def test_other_model_settings_are_not_resumed(scenes, checkpoint):
    other = [*TINY[:3], "48", *TINY[4:]]
    message = refuse("train", "--data", scenes, "--out", checkpoint.parent, *other, *QUICK, "--samples", 32)
    assert "other model settings" in message


def test_a_failed_save_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    checkpoints.save(path, {"seen": 1})
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(path, {"seen": 2})
    monkeypatch.undo()
    assert checkpoints.load(path) == {"seen": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_damaged_checkpoint_is_named(tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"PK\x03\x04 cut short")
    assert str(path) in refuse("onnx", "student", "--checkpoint", path, "--out", tmp_path)
    assert "No checkpoint" in refuse("onnx", "student", "--checkpoint", tmp_path / "none.pt", "--out", tmp_path)


def test_unusable_settings_are_refused(scenes, tmp_path):
    tail = ("--data", scenes, "--out", tmp_path, *QUICK)
    assert "multiple of 32" in refuse("train", *tail, "--input-size", 100)
    assert "no_such_net" in refuse("train", *tail, "--backbone", "no_such_net")


def test_the_schedule_warms_up_and_falls_to_zero():
    cosine = Schedule(1.0, total=1000, warmup=100, shape="cosine")
    rates = [cosine(seen) for seen in range(0, 1001, 50)]
    assert rates[0] < 0.05
    assert max(rates) == pytest.approx(1, abs=0.06)
    assert rates[-1] == pytest.approx(0, abs=1e-6)
    assert Schedule(1.0, 1000, 100, "constant")(999) == 1


def test_the_running_average_forgets_the_start():
    average, value = [torch.zeros(1)], [torch.ones(1)]
    update = running_average(0.998)
    for count in range(1, 200):
        update(average, value, torch.tensor(count))
    assert average[0].item() > 0.99


def test_the_held_out_part_never_overlaps_the_training_part():
    photos = [f"photo {number % 700}" for number in range(1000)]  # 300 of them are named twice
    training, held = split(photos, 100, seed=3)
    assert len(held) == 100
    assert not {photos[i] for i in training} & {photos[i] for i in held}
    assert len({photos[i] for i in training}) == 600
    assert np.array_equal(split(photos, 100, seed=3)[1], held)


def squares() -> torch.Tensor:
    target = torch.zeros(3, 16, 16)
    target[0, 2:9, 3:8] = 1
    target[1, 10:14, 10:15] = 1
    target[2, :, :8] = 1
    return target


def test_depth_is_greatest_in_the_middle_and_counts_the_border():
    distance = depth(squares() > 0)
    assert distance[0, 5, 5] == 3
    assert distance[2, 0, 0] == 1
    assert distance[0, 0, 0] == 0


def test_clicks_fall_inside_their_region():
    torch.manual_seed(0)
    for _ in range(20):
        cells = ((sample_click(squares() > 0) + 0.5) / 4).long()
        assert all(squares()[i, y, x] == 1 for i, (x, y) in enumerate(cells))


def test_first_prompts_are_laid_out_as_at_inference():
    torch.manual_seed(0)
    assert first_prompts(squares(), "point").labels[0].tolist() == [1, -1]
    assert first_prompts(squares(), "box").labels[0].tolist() == [2, 3]
    assert first_prompts(squares(), "both").labels[0].tolist() == [1, 2, 3]
    assert first_prompts(squares(), "point").lone_point.all()
    assert not first_prompts(squares(), "box").lone_point.any()


def test_boxes_lie_around_their_regions():
    torch.manual_seed(0)
    corners = torch.stack([first_prompts(squares(), "box").coords for _ in range(200)]).mean(0)
    assert torch.allclose(corners[0], torch.tensor([[12.0, 8.0], [32.0, 36.0]]), atol=2.5)


def test_the_corrective_click_adds_what_is_missed_and_removes_what_is_surplus():
    torch.manual_seed(0)
    target, valid = squares(), torch.ones(3, 16, 16, dtype=torch.bool)
    logits = torch.where(target > 0, 1.0, -1.0)
    logits[0] = -1.0  # everything missed
    logits[1, :6, :6] = 1.0  # surplus
    prompts = correct(first_prompts(target, "point"), target, logits, valid)
    assert prompts.labels[:, -1].tolist() == [1, 0, 1]
    x, y = ((prompts.coords[1, -1] + 0.5) / 4).long().tolist()
    assert x < 6
    assert y < 6
    assert torch.equal(prompts.mask_input[:, 0], logits)


def test_losses_fall_with_better_masks_and_ignore_the_padding():
    target = squares()
    valid = torch.ones(3, 16, 16, dtype=torch.bool)
    valid[:, :, 12:] = False
    right, wrong = (target * 2 - 1) * 8, -(target * 2 - 1) * 8
    good, bad = (mask_losses(m[:, None], target * valid, valid)[:, 0] for m in (right, wrong))
    assert (good[[0, 2]] < 0.05).all()
    assert (bad > 3).all()
    noisy = right.clone()
    noisy[:, :, 12:] = 100.0
    assert torch.allclose(mask_losses(noisy[:, None], target * valid, valid)[:, 0], good, atol=1e-4)
    assert true_ious(right[:, None], target, valid)[0].item() == 1
